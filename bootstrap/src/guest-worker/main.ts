// Runs before the app's own Service Worker script, in a dedicated worker: makes its global scope that
// of a Service Worker. Events come from our Service Worker (requests, messages) and from the shell.

import type { GuestFacts, GuestToHost, HostToGuest, SwToGuest } from "../messages/guest";
import { keepFromOurs } from "./caches";
import { respond } from "./respond";
import { clientOf, serveClients } from "./clients";
import { ExtendableEvent, ExtendableMessageEvent, GuestInstallEvent, lifetime } from "./events";
import { importMarked } from "./import";
import { makeRegistration } from "./registration";
import { looksLikeServiceWorker } from "./scope";

const facts = JSON.parse(self.name) as GuestFacts;
let host: ((message: GuestToHost) => void) | undefined;
const early: GuestToHost[] = [];
let failed = false;
let fetches = false;
let activated: () => void = () => undefined;
// Requests wait until it is active.
const active = facts.active ? undefined : new Promise<void>((resolve) => (activated = resolve));

const post = (message: GuestToHost): void => {
  if (host) host(message);
  else early.push(message);
};
const registration = makeRegistration(facts, post);
const clients = serveClients(post);
looksLikeServiceWorker(registration, clients, post, () => (fetches = true));
importMarked(facts);
keepFromOurs();

const noteFailure = (): void => {
  failed = true;
};
self.addEventListener("error", noteFailure);

// The first message comes once the script has run: it brings the port to the shell.
self.addEventListener(
  "message",
  (event) => {
    event.stopImmediatePropagation();
    const port = (event as MessageEvent).ports[0];
    if (!port) return;
    self.removeEventListener("error", noteFailure);
    host = (message) => port.postMessage(message);
    port.onmessage = ({ data }: MessageEvent<HostToGuest>) => receive(data);
    host({ do: "ready", fetches, failed });
    for (const message of early.splice(0)) host(message);
  },
  { once: true },
);

function receive(message: HostToGuest): void {
  switch (message.do) {
    case "install":
      void during(new GuestInstallEvent("install"), "install");
      return;
    case "activate":
      void during(new ExtendableEvent("activate"), "activate").then(activated);
      return;
    case "claimed":
      clients.claimed();
      return;
    case "registration": {
      const { registration: now } = message;
      registration.become(now);
      if (now.active?.id === facts.id && now.active.state === "activated") activated();
      return;
    }
    case "port":
      message.port.onmessage = ({ data, ports }: MessageEvent<SwToGuest>) =>
        receiveFromSw(data, ports);
      clients.by(message.port);
      return;
    default:
      message satisfies never;
  }
}

async function during(event: ExtendableEvent, of: "install" | "activate"): Promise<void> {
  self.dispatchEvent(event);
  const well = await lifetime(event);
  post({ do: "done", of, well });
}

function receiveFromSw(message: SwToGuest, ports: readonly MessagePort[]): void {
  switch (message.do) {
    case "fetch":
      void Promise.resolve(active).then(() => respond(message.request, message.reply));
      return;
    case "message": {
      const source = clientOf(message.source);
      const { data } = message;
      const { origin } = self.location;
      self.dispatchEvent(new ExtendableMessageEvent("message", { data, origin, source, ports }));
      return;
    }
    default:
      message satisfies never;
  }
}
