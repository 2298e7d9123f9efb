// Whoever runs one request on a stream of a link.

import type { SessionEvent } from "../wire/events";

type StreamEvent = Exclude<
  SessionEvent,
  { kind: "hello" | "pong" | "goaway" | "resumed" | "failed" }
>;

export interface StreamOwner {
  event(event: StreamEvent): void;
  /** The link is lost, and with it the stream. Nothing follows, as after a reset by either side. */
  lost(): void;
}
