// How our Service Worker is registered, by whoever is first.

export const SW_SCRIPT = "/__p2claw/sw.js";
export const SW_OPTIONS: RegistrationOptions = { scope: "/", updateViaCache: "none" };
