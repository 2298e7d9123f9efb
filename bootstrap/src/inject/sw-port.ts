// What this page posts to the Service Worker, and its reply when that asks whose it is. The
// app has, as far as it can see, nothing to do with ours: what comes from it is kept from the app.

import type { PageToSw, SwToPage } from "../messages/sw-page";

type Listener = (event: MessageEvent<SwToPage>) => void;

// A step or a form waits for the reply. After that it goes on without: the message itself still comes
// to a Service Worker before the request that it is about.
const ASK_MS = 8_000;

const container = navigator.serviceWorker as ServiceWorkerContainer | undefined;
const listeners: Listener[] = [];
// The app sees another one there.
const controller = container && native(ServiceWorkerContainer.prototype, "controller");

export function postToSw(message: PageToSw, given: Transferable[] = []): void {
  ours()?.postMessage(message, given);
}

/** What the Service Worker posts to it; undefined if there is none, or no reply in time. */
export function askSw(message: PageToSw): Promise<unknown> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = ({ data }: MessageEvent<unknown>) => resolve(data);
    setTimeout(resolve, ours() ? ASK_MS : 0);
    postToSw(message, [port2]);
  });
}

export function onSwMessage(listener: Listener): void {
  listeners.push(listener);
}

/** lock: names the shell. origins: by which the app is meant, besides the page's own. */
export function belong(lock: string, origins: readonly string[]): void {
  const introduce = (): void => postToSw({ kind: "iam", lock, origins });
  introduce();
  onSwMessage(({ data }) => data.kind === "ask" && introduce());
  container?.addEventListener("message", (event: MessageEvent<SwToPage>) => {
    if (!event.isTrusted) return;
    event.stopImmediatePropagation();
    for (const listener of listeners) listener(event);
  });
  container?.addEventListener("controllerchange", (event) => {
    if (!event.isTrusted) return;
    event.stopImmediatePropagation();
    introduce();
  });
  container?.startMessages();
  window.addEventListener("pagehide", () => postToSw({ kind: "gone" }));
}

function ours(): ServiceWorker | null {
  return (controller?.call(container) as ServiceWorker | null | undefined) ?? null;
}

function native(prototype: object, name: string): (() => unknown) | undefined {
  return Object.getOwnPropertyDescriptor(prototype, name)?.get;
}
