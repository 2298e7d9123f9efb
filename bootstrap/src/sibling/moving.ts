// Where a response leads: within this origin it is followed here, elsewhere by the browser of who asks.
// Source: Fetch §4.4 "HTTP-redirect fetch".

import type { GuestRequest } from "../messages/guest";
import { marked, marksOf, unmarked } from "../messages/marks";
import { MOVED_FIELD, type SiblingResponse } from "../messages/sibling";
import type { Fields } from "./cors";
import { type Crossing, Refused, plainUrl } from "./foreign-request";

export interface Move {
  status: number;
  next: URL;
}

/** undefined: nowhere. */
export function moveOf(response: Response, seen: Fields, { url }: GuestRequest): Move | undefined {
  const status = Number(response.headers.get(MOVED_FIELD) ?? 0);
  const location = seen.find(([name]) => name === "location")?.[1];
  if (!status || location === undefined) return undefined;
  void response.body?.cancel();
  if (marksOf(url).stream && status !== 303) throw new Refused("a stream cannot be sent again");
  const next = new URL(location, plainUrl(url));
  if (!/^https?:$/.test(next.protocol)) throw new Refused(`it leads to ${next.protocol}`);
  return { status, next };
}

/** Within this origin: who asks need not know where to, unless it may read what comes of it. */
export function movedOn({ request, body }: Crossing, { status, next }: Move): Partial<Crossing> {
  const { method, headers } = request;
  const url = marked(next.href, marksOf(request.url));
  const gets =
    (method === "POST" && (status === 301 || status === 302)) ||
    (status === 303 && method !== "GET" && method !== "HEAD");
  if (!gets) return { request: { ...request, url }, body };
  const kept = headers.filter(
    ([name]) => !/^content-(encoding|language|location|type)$/.test(name),
  );
  return { request: { ...request, url, method: "GET", headers: kept }, body: { kind: "none" } };
}

/** A redirect that the browser of who asks follows. */
export function led(status: number, url: string): SiblingResponse {
  return { do: "response", status, statusText: "", headers: [["location", url]], body: undefined };
}

/** "Tainted origin": from one origin by another to a third, or back. */
export function tainted(next: URL, { request, from }: Crossing): string {
  const leaves = next.origin !== location.origin && from !== location.origin;
  const marks = marksOf(request.url);
  return marked(next.href, { ...marks, tainted: leaves ? "1" : marks.tainted });
}

const HELD_MS = 30_000;
const waiting = new Map<string, SiblingResponse>();

/** Its browser is led to where the response came from, so that the page sees its URL, and gets it there. */
export function holdFor(response: SiblingResponse, url: string): SiblingResponse {
  const held = crypto.randomUUID();
  waiting.set(held, response);
  setTimeout(() => waiting.delete(held), HELD_MS);
  const marks = { ...marksOf(url), held, body: undefined };
  return led(303, marked(unmarked(url), marks));
}

export function takeHeld(held: string): SiblingResponse {
  const response = waiting.get(held);
  waiting.delete(held);
  if (!response) throw new Refused("it was led there too long ago");
  return response;
}
