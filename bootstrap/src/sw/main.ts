// The Service Worker: intercepts every request of the app's pages and hands it to a shell's worker.

import type { PageToSw } from "../messages/sw-page";
import { Aborts } from "./aborts";
import { asset, dropOldAssets, storeAssets } from "./assets";
import { shellDocument } from "./documents";
import { relay } from "./relay";
import { routeOf } from "./routing";
import { sw } from "./scope";
import { Shells } from "./shells";

const shells = new Shells();
const aborts = new Aborts();

// An update waits until a shell that is alone lets it take over: answers that are being streamed
// end with the old one.
sw.oninstall = (event) => event.waitUntil(storeAssets());
sw.onactivate = (event) => event.waitUntil(Promise.all([dropOldAssets(), sw.clients.claim()]));

sw.onmessage = (event) => {
  const message = event.data as PageToSw;
  const client = event.source instanceof Client ? event.source : undefined;
  if (client) receive(message, client, event);
};

sw.onfetch = (event) => {
  const route = routeOf(event.request, sw.location.origin);
  switch (route) {
    case "network":
      return;
    case "asset":
      event.respondWith(asset(event.request));
      return;
    case "shell":
      event.respondWith(shellDocument());
      return;
    case "frame":
    case "app":
      event.respondWith(relay(event, shells, aborts));
      return;
    default:
      route satisfies never;
  }
};

function receive(message: PageToSw, client: Client, event: ExtendableMessageEvent): void {
  switch (message.kind) {
    case "hello":
      shells.hello(message, client);
      return;
    case "bye":
      shells.remove(message.lock);
      return;
    case "awake":
      return;
    case "claim":
      event.waitUntil(sw.clients.claim());
      return;
    case "take-over":
      event.waitUntil(sw.skipWaiting());
      return;
    case "iam":
      shells.belongs(client.id, message.lock);
      return;
    case "abort":
      aborts.abort(message.id);
      return;
    case "gone":
      aborts.gone(client.id);
      return;
    default:
      message satisfies never;
  }
}
