// The response of the app's own service worker, as a reply of the channel worker.

import type { ReplyPort } from "../messages/sw-worker";
import type { Head } from "./asked";
import { streamed } from "./cache/ports";

/** origins: the app's own, by its other names. */
export function replyOf(given: Response, origins: readonly string[]): [Head, ReplyPort] {
  const { status, statusText: reason, headers, body } = given;
  const head = { status, reason, fields: [...headers], error: "", origins, notice: "" };
  return [{ kind: "head", end: !body, decoded: true, ...head }, streamed(body)];
}
