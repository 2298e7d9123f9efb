// What a Service Worker has around it, as far as tests need it. To be imported first.

/** The pages of the origin: what is posted to them is the test's. */
export const windows: { postMessage(message: unknown): void }[] = [];

const clients = { matchAll: () => Promise.resolve(windows) };
const locks = { request: () => new Promise(() => undefined) };
Object.assign(globalThis, { self: { clients, location: new URL("http://dog-crab.localhost/") } });
Object.defineProperty(globalThis, "navigator", { value: { locks }, configurable: true });
