// A newer shell, for a box that wants one.

import type { PageToSw } from "../messages/sw-page";

const UPDATE_MS = 5_000;

/** Get a newer Service Worker, and with it a newer shell, if there is one. */
export async function update(): Promise<void> {
  const registration = await navigator.serviceWorker.getRegistration();
  await registration?.update().catch(() => undefined);
  const next = registration?.waiting ?? registration?.installing;
  if (!next) return;
  const changed = new Promise((resolve) => {
    navigator.serviceWorker.addEventListener("controllerchange", resolve, { once: true });
    setTimeout(resolve, UPDATE_MS);
  });
  const takeOver = (): void => {
    if (next.state === "installed") next.postMessage({ kind: "take-over" } satisfies PageToSw);
  };
  next.addEventListener("statechange", takeOver);
  takeOver();
  await changed;
}
