// Runs first in every page of the app. Each module puts one thing right that a frame behind a
// Service Worker does otherwise than a page at the top of a tab.

import type { ShellApi } from "../messages/frame-shell";
import { hideServiceWorker } from "./app-worker";
import { wrapBeacon } from "./beacon";
import { wrapEventSource } from "./event-source";
import { nativeFetch, wrapFetch } from "./fetch";
import { findShell } from "./find-shell";
import { maskTop } from "./masks";
import { followNavigation, go, pop, restoreState } from "./navigation";
import { wrapNames } from "./own-names";
import { appSocket, learnOrigins } from "./own-url";
import { plainPerformance } from "./performance";
import { belong, tellSw } from "./sw-port";
import { wrapWebSocket } from "./web-socket";
import { wrapXhr } from "./xhr";

const script = document.currentScript instanceof HTMLScriptElement ? document.currentScript : null;
const place = findShell();

if (script?.dataset["depart"] !== undefined) {
  depart(script.dataset["depart"]);
} else if (place) {
  const { shell, isTop } = place;
  const problem = script?.dataset["problem"];
  belong(shell.lock, learnOrigins(script?.dataset["own"]));
  if (isTop) {
    maskTop();
    const { state, restore } = shell.arrive({ window, problem, go, pop });
    if (restore) restoreState(state);
    followNavigation(shell);
  }
  hideServiceWorker();
  wrapNames();
  plainPerformance();
  wrapFetch(shell);
  wrapXhr(shell);
  wrapBeacon(shell);
  wrapEventSource();
  const abort = (id: string): void => tellSw({ kind: "abort", id });
  const pipe = (id: string): MessagePort => pipeOf(shell, id);
  wrapWebSocket({ fetch: nativeFetch, channel: false, pipe, abort }, appSocket);
}
script?.remove();

function pipeOf(shell: ShellApi, id: string): MessagePort {
  const { port1, port2 } = new MessageChannel();
  shell.socket(id, port2);
  return port1;
}

// The tab leaves with the app's top page; a frame within it leaves alone.
function depart(url: string): void {
  if (place?.isTop) place.shell.depart(url);
  else location.replace(url);
}
