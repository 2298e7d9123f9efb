// The Service Worker as the browser keeps it: registered, and in control of this page.

import { LOCK_PREFIX, type PageToSw } from "../messages/sw-page";
import { SW_OPTIONS, SW_SCRIPT } from "./registration";
import { reloadTab } from "./top-steps";

const CONTROL_MS = 15_000;

/** There is no Service Worker here, or it cannot be had. */
export class NoServiceWorker extends Error {}

/** Resolves once the Service Worker is in control: whether there was none before. Throws NoServiceWorker. */
export async function control(): Promise<boolean> {
  const { serviceWorker } = navigator;
  const registering = serviceWorker.register(SW_SCRIPT, SW_OPTIONS);
  if (serviceWorker.controller) {
    // Not awaited: the job may be queued behind an update for seconds.
    registering.then(takeOverIfAlone).catch(() => undefined);
    return false;
  }
  const registration = await registering.catch(() => {
    throw new NoServiceWorker();
  });
  const isNew = !registration.active;
  // After a hard reload nobody controls this page, though the worker is there.
  const claim = (): void => registration.active?.postMessage({ kind: "claim" } satisfies PageToSw);
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new NoServiceWorker()), CONTROL_MS);
    serviceWorker.addEventListener(
      "controllerchange",
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
    claim();
    if (serviceWorker.controller) {
      clearTimeout(timer);
      resolve();
    }
  });
  return isNew;
}

// While other shells live an updated Service Worker waits: their streams would end.
async function takeOverIfAlone(registration: ServiceWorkerRegistration): Promise<void> {
  if (!registration.waiting) return;
  const { held: locks } = await navigator.locks.query();
  const shells = (locks ?? []).filter(({ name }) => name?.startsWith(LOCK_PREFIX));
  if (shells.length > 1) return;
  navigator.serviceWorker.addEventListener("controllerchange", reloadTab, {
    once: true,
  });
  registration.waiting.postMessage({ kind: "take-over" } satisfies PageToSw);
}
