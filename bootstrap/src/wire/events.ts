// What happens in a session, one union.

import type { Code } from "./codes";
import type { Fields, ResponseHead } from "./heads";
import type { Hello } from "./hello";

export type SessionEvent =
  | { kind: "hello"; hello: Hello }
  | { kind: "response"; stream: number; head: ResponseHead; end: boolean }
  /** `data` is a view of the received message: copy it before the message is reused. */
  | { kind: "data"; stream: number; data: Uint8Array; end: boolean }
  | { kind: "trailers"; stream: number; fields: Fields }
  | { kind: "reset"; stream: number; code: Code; reason: string }
  /** The request's queue has fallen to low water after it was above high water. */
  | { kind: "writable"; stream: number }
  /** Both sides are done. Comes after the last response, data or trailers. */
  | { kind: "closed"; stream: number }
  | { kind: "pong"; rttMs: number }
  /** The session that this one was to resume goes on here, and the box has received so many of its
   * messages; undefined: it does not, and this is a new one. */
  | { kind: "resumed"; received: number | undefined }
  | { kind: "goaway"; lastStream: number; code: Code; reason: string }
  /** Nothing more comes. Send what toSend() still returns, then close the channel. */
  | { kind: "failed"; code: Code; reason: string };
