// Runs first in every page of the app. Each module puts one thing right that a frame behind a
// Service Worker does otherwise than a page at the top of a tab.

import "./lend"; // first: it gives back the browser's own, which the others here use
import type { ShellApi } from "../messages/frame-shell";
import { ownServiceWorkers } from "./app-worker";
import { wrapBeacon } from "./beacon";
import { wrapCookieStore } from "./cookie-store";
import { wrapDocumentCookie } from "./document-cookie";
import { wrapEventSource } from "./event-source";
import { nativeFetch, wrapFetch } from "./fetch";
import { type Place, findShell } from "./find-shell";
import { mendFrames } from "./frames";
import { maskArrival, maskTop } from "./masks";
import { inDisguise } from "./native-members";
import { followNavigation, go, pop, restoreState } from "./navigation";
import { watchDatabases } from "./open-databases";
import { wrapNames } from "./own-names";
import { hideOwnStorage } from "./own-storage";
import { appSocket, learnOrigins } from "./own-url";
import { plainPerformance } from "./performance";
import { deliver, wrapOpen } from "./popups";
import { passTo, standIn } from "./opaque-messages";
import { followReports } from "./reports";
import type { PolicyNote, TagData } from "../messages/own-tag";
import type { TabPolicy } from "../messages/sw-page";
import { belong, postToSw } from "./sw-port";
import { STRICT, wrapWebSocket } from "./web-socket";
import { wrapWorkers } from "./workers";
import { wrapXhr } from "./xhr";
import { isSyncIntercepted } from "./xhr-sync";

const script = document.currentScript instanceof HTMLScriptElement ? document.currentScript : null;
const tag: TagData = { ...script?.dataset };
const place = findShell();

if (tag.depart !== undefined) {
  depart(tag.depart);
} else if (place && !place.isTop && tag.alone !== undefined) {
  // As browsers do with a frame that a page does not allow: nothing of it is shown, or runs.
  window.stop();
  location.replace("data:text/html,");
} else if (place) {
  inDisguise(() => begin(place));
}
script?.remove();

function begin(place: Place): void {
  const { shell, isTop } = place;
  belong(shell.lock, learnOrigins(tag.own));
  const { tab } = shell;
  if (isTop) {
    maskTop(tab, shell.post);
    const { problem } = tag;
    const posted = tag.posted !== undefined;
    const next = tag.tab === undefined ? undefined : (JSON.parse(tag.tab) as TabPolicy);
    if (next) window.stop(); // none of its scripts runs here
    const arrival = shell.arrive({ window, problem, posted, tab: next, go, pop, deliver });
    if (arrival.restore) restoreState(arrival.state);
    maskArrival(arrival);
    followNavigation(shell);
  }
  wrapDocumentCookie(window, shell.cookies);
  wrapCookieStore(shell);
  wrapOpen(tab, shell.frame());
  ownServiceWorkers(shell, tag.guest);
  wrapNames();
  watchDatabases();
  hideOwnStorage();
  // Where what a Blob's module imports passes the Service Worker by, the edge need not be there for
  // it. Without a nonce our tag is admitted by its URL; a policy in the page itself nobody has read.
  const imports = (): boolean =>
    STRICT &&
    self.origin !== "null" &&
    !!script?.src &&
    !script.nonce &&
    !document.querySelector("meta[http-equiv*=policy i]");
  wrapWorkers(
    __INJECT_WORKER_URL__,
    imports,
    () => !("webkitRequestFileSystem" in window) && isSyncIntercepted(),
  );
  plainPerformance((url) => shell.size(url));
  wrapFetch(shell);
  wrapXhr(shell);
  wrapBeacon(shell);
  const ask = window.fetch;
  wrapEventSource(
    once(async () => (await shell.late()).followsEvents(window, (...given) => ask(...given))),
  );
  const abort = (id: string): void => postToSw({ kind: "abort", id });
  const pipe = (id: string, url: string): MessagePort => pipeOf(shell, id, url);
  const realm = { fetch: nativeFetch, channel: false, pipe, abort, strict: STRICT };
  wrapWebSocket(
    once(async () => (await shell.late()).socketsOf(window, realm)),
    appSocket,
  );
  mendFrames(shell, { src: script?.src ?? "", nonce: script?.nonce ?? "" });
  followReports(shell, JSON.parse(tag.notes ?? "[]") as PolicyNote[]);
  if (script && tag.opaque !== undefined) {
    if (!isTop) standIn();
    const { opaque, loads = "" } = tag;
    const { nonce = "" } = script;
    const { fetch } = window;
    const asked = { tokens: opaque, loads, nonce, isTop, fetch, passTo };
    void shell.late().then((late) => late.showOpaque(window, asked));
  }
}

// Loaded again only where it could not be.
function once<T>(load: () => Promise<T>): () => Promise<T> {
  let loading: Promise<T> | undefined;
  return () =>
    (loading ??= load().catch((error: unknown) => {
      loading = undefined;
      throw error;
    }));
}

function pipeOf(shell: ShellApi, id: string, url: string): MessagePort {
  const { port1, port2 } = new MessageChannel();
  shell.socket(id, port2, url);
  return port1;
}

// The tab leaves with the app's top page; a frame within it leaves alone.
function depart(url: string): void {
  if (place?.isTop) place.shell.depart(url);
  else location.replace(url);
}
