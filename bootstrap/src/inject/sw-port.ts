// What this page says to the Service Worker, and that it answers when it is asked whose it is.

import type { PageToSw, SwToPage } from "../messages/sw-page";

const container = navigator.serviceWorker as ServiceWorkerContainer | undefined;

export function tellSw(message: PageToSw): void {
  container?.controller?.postMessage(message);
}

/** What the Service Worker says to it; false where there is none. */
export function askSw(message: PageToSw): Promise<unknown> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = ({ data }: MessageEvent<unknown>) => resolve(data);
    if (container?.controller) container.controller.postMessage(message, [port2]);
    else resolve(false);
  });
}

/** lock: names the shell. origins: by which the app is meant, besides the page's own. */
export function belong(lock: string, origins: readonly string[]): void {
  const say = (): void => tellSw({ kind: "iam", lock, origins });
  say();
  container?.addEventListener("message", ({ data }: MessageEvent<SwToPage>) => {
    if (data?.kind === "ask") say();
  });
  container?.addEventListener("controllerchange", say);
  container?.startMessages();
  window.addEventListener("pagehide", () => tellSw({ kind: "gone" }));
}
