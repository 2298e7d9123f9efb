// The names of a Service Worker's global scope, and not those of a dedicated worker.

import type { GuestToHost } from "../messages/guest";
import { Client, Clients, WindowClient } from "./clients";
import { ExtendableEvent, ExtendableMessageEvent, FetchEvent, GuestInstallEvent } from "./events";
import { ServiceWorkerRegistration } from "./registration";

const CLASSES = {
  Client,
  Clients,
  ExtendableEvent,
  ExtendableMessageEvent,
  FetchEvent,
  InstallEvent: GuestInstallEvent,
  ServiceWorkerRegistration,
  WindowClient,
};
const EVENTS = ["install", "activate", "fetch", "push", "notificationclick", "notificationclose"];
const NOT_THERE = [
  "postMessage",
  "close",
  "XMLHttpRequest",
  "Worker",
  "DedicatedWorkerGlobalScope",
];

/** listens: called when the app listens for requests. */
export function looksLikeServiceWorker(
  registration: object,
  clients: object,
  post: (message: GuestToHost) => void,
  listens: () => void,
): void {
  const scope = self as unknown as Record<string, unknown>;
  class ServiceWorkerGlobalScope {
    static [Symbol.hasInstance](value: unknown): boolean {
      return value === self;
    }
  }
  Object.assign(scope, CLASSES, { ServiceWorkerGlobalScope });
  const give = (name: string, value: unknown): void => {
    Object.defineProperty(self, name, { value, configurable: true, writable: true });
  };
  for (const name of NOT_THERE) give(name, undefined);
  give("name", "");
  give("registration", registration);
  give("clients", clients);
  give("skipWaiting", () => {
    post({ do: "skip-waiting" });
    return Promise.resolve();
  });
  for (const type of EVENTS) handler(type);
  const { addEventListener } = self;
  self.addEventListener = ((...given: Parameters<typeof addEventListener>) => {
    if (given[0] === ("fetch" as string)) listens();
    addEventListener.apply(self, given);
  }) as typeof addEventListener;
}

// As `self.onfetch = …`.
function handler(type: string): void {
  let now: ((event: Event) => unknown) | null = null;
  const listener = (event: Event): unknown => now?.call(self, event);
  Object.defineProperty(self, `on${type}`, {
    configurable: true,
    enumerable: true,
    get: () => now,
    set: (value: unknown) => {
      if (typeof value === "function") self.addEventListener(type, listener);
      now = typeof value === "function" ? (value as typeof now) : null;
    },
  });
}
