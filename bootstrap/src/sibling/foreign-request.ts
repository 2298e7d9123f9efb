// A request of another origin, as it has crossed to this one.

import type { GuestRequest } from "../messages/guest";
import { unmarked } from "../messages/marks";
import type { RequestBody } from "../messages/sw-worker";

/** Why the browser of who asks would refuse it, in words for the console. */
export class Refused extends Error {}

export interface Crossing {
  /** Of the page that asks. */
  from: string;
  embedder: string;
  request: GuestRequest;
  body: RequestBody;
  /** The id of its pipe, for a WebSocket. */
  socket: string | undefined;
  signal: AbortSignal;
  sent: (id: string, bytes: number) => void;
}

/** Without marks and fragment. */
export function plainUrl(url: string): string {
  return unmarked(url).split("#", 1)[0] ?? "";
}
