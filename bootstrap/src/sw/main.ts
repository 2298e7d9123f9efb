// The Service Worker: intercepts every request of the app's pages and hands it to a shell's worker.

import type { PageToSw } from "../messages/sw-page";
import { ABORTS } from "../messages/worker-given";
import { Aborts } from "./aborts";
import { blobDocument } from "./documents";
import { asset, dropOldAssets, storeAssets, storeLater } from "./assets";
import { Cookies } from "./cookies/cookies";
import { Isolation } from "./isolation";
import { Later } from "./later";
import { OwnOrigins } from "./own-origins";
import { Relay } from "./relay";
import { assemble } from "./response";
import { isForSibling, routeOf, withoutFragment } from "./routing";
import { sw } from "./scope";
import { Shells } from "./shells";
import { TabTop } from "./tab-top";

const shells = new Shells();
const aborts = new Aborts();
const own = new OwnOrigins();
const isolation = new Isolation();
const later: Later = new Later({
  shells,
  aborts,
  own,
  asset,
  assemble: (...given) => assemble(...given, later),
});
const cookies = new Cookies(async () => (await later.part()).openJar);
const top = new TabTop(shells, isolation, later);
const relay = new Relay(shells, aborts, top, own, cookies, isolation, later);

// An update waits until a shell that is alone lets it take over: responses that are being streamed
// end with the old one.
sw.oninstall = (event) => {
  const stored = Promise.all([storeAssets(), later.part()]);
  // On a first visit the page has our files already, and waits for control: they are kept meanwhile.
  if (sw.registration.active) event.waitUntil(stored);
  else stored.catch(() => undefined);
};
storeLater();
sw.onactivate = (event) => event.waitUntil(Promise.all([dropOldAssets(), sw.clients.claim()]));

sw.onmessage = (event) => {
  const message = event.data as PageToSw;
  const client = event.source instanceof Client ? event.source : undefined;
  if (client) receive(message, client, event);
};

new BroadcastChannel(ABORTS).onmessage = ({ data }) => aborts.abort(String(data));

sw.onfetch = (event) => {
  const route = routeOf(event.request, sw.location.origin);
  switch (route) {
    case "network":
      if (own.perhaps(event.request)) event.respondWith(relay.byAnotherName(event));
      else if (
        isForSibling(event.request, sw.location) ||
        (later.here?.guests.watch && !isOurOrigin(event.request.url))
      )
        event.respondWith(elsewhere(event));
      return;
    case "asset":
      event.respondWith(ownAsset(new URL(event.request.url)));
      return;
    case "blob":
      event.respondWith(isolation.framed(blobDocument(event.request.url, later)));
      return;
    case "empty":
      event.respondWith(
        isolation.framed(new Response("", { headers: { "content-type": "text/html" } })),
      );
      return;
    case "shell":
      event.respondWith(top.page(event.request));
      return;
    case "frame":
    case "app":
      event.respondWith(
        isForSibling(event.request, sw.location) ? elsewhere(event) : relay.intercept(event),
      );
      return;
    default:
      route satisfies never;
  }
};

async function elsewhere(event: FetchEvent): Promise<Response> {
  return (await later.part()).guestFirst.elsewhere(event);
}

function isOurOrigin(url: string): boolean {
  return url.startsWith(`${sw.location.origin}/`);
}

async function ownAsset({ pathname, search }: URL): Promise<Response> {
  if (pathname !== __INJECT_WORKER_URL__) return asset(pathname);
  return (await later.part()).workerScripts.own(own.all, search);
}

function receive(message: PageToSw, client: Client, event: ExtendableMessageEvent): void {
  switch (message.kind) {
    case "hello":
      event.waitUntil(
        cookies.meet(message, client).then((welcome) => shells.hello(message, client, welcome)),
      );
      return;
    case "cookie":
      event.waitUntil(cookies.write(message.lock, message.write));
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
      own.learn(message.origins);
      return;
    case "post":
    case "save":
    case "mode":
      event.waitUntil(
        later.part().then(({ notes }) => {
          notes.receive(message);
          event.ports[0]?.postMessage(null);
        }),
      );
      return;
    case "coming":
      event.waitUntil(
        shells.of(client.id).then((shell) => {
          event.ports[0]?.postMessage(shell?.coming === withoutFragment(message.url));
        }),
      );
      return;
    case "isolate":
      event.waitUntil(
        isolation.ask(message.url, message.policy).then(() => event.ports[0]?.postMessage(null)),
      );
      return;
    case "guest":
      event.waitUntil(later.part().then(({ guests }) => guests.receive(message.ask, event)));
      return;
    case "abort":
      aborts.abort(message.id);
      return;
    case "forget":
      event.waitUntil(
        Promise.all([cookies.clear(), later.part().then(({ cache }) => cache.clear())]).then(() =>
          event.ports[0]?.postMessage(null),
        ),
      );
      return;
    case "gone":
      aborts.gone(client.id);
      return;
    default:
      message satisfies never;
  }
}
