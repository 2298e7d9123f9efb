// What a request is to us, from the request alone. Pure.

import { marksOf } from "../messages/marks";
import { BLOB_PATH, OUR_PREFIX } from "../messages/our-paths";
import { isSibling } from "../messages/sibling";

export type Route =
  /** Not ours: the browser goes to the network as it would without us. */
  | "network"
  /** A file of ours. */
  | "asset"
  /** A blob of the app, as a document. */
  | "blob"
  /** An empty page for the shell to look at. */
  | "empty"
  /** A page at the top of a tab: the shell. */
  | "shell"
  /** A page in a frame: the app's, or another shell where a foreign site embeds us. */
  | "frame"
  /** Anything else of the app. */
  | "app";

export interface RouteQuestion {
  url: string;
  mode: string;
  destination: string;
}

export function routeOf(request: RouteQuestion, ourOrigin: string): Route {
  const url = new URL(request.url);
  if (url.origin !== ourOrigin) return "network";
  if (url.pathname.startsWith(OUR_PREFIX)) {
    if (url.pathname.startsWith(BLOB_PATH)) return "blob";
    if (url.pathname === `${OUR_PREFIX}session`) return "empty";
    return url.pathname.startsWith(`${OUR_PREFIX}assets/`) ? "asset" : "network";
  }
  if (request.mode !== "navigate") return "app";
  return request.destination === "document" ? "shell" : "frame";
}

/** A URL as it is asked for: its fragment stays in the page. */
export function withoutFragment(url: string): string {
  return url.split("#", 1)[0] ?? url;
}

/** RFC 9218 §4.1, 0 … 7: what a person waits for goes first. */
export function urgencyOf(request: RouteQuestion): number {
  if (request.mode === "navigate") return 0;
  switch (request.destination) {
    case "style":
    case "script":
      return 1;
    case "font":
    case "":
      return 2;
    case "image":
      return 4;
    case "audio":
    case "video":
      return 5;
    default:
      return 3;
  }
}

/** The script of a worker of the app. */
export function isWorker({ destination }: RouteQuestion): boolean {
  return destination === "worker" || destination === "sharedworker";
}

/** For another app under the same parent, or back from one. */
export function isForSibling(
  { url, mode }: RouteQuestion,
  here: { protocol: string; host: string },
): boolean {
  const crosses = isSibling(new URL(url), here) || marksOf(url).tainted !== undefined;
  return crosses && mode !== "navigate";
}
