// What a remote did wrong, by what it ends: the session, or one stream. And what we did wrong.

import { Code } from "./codes";

/** Ends the session: GOAWAY with `code`, then the channel is closed. */
export class SessionFault extends Error {
  constructor(
    message: string,
    readonly code: Code = Code.PROTOCOL,
  ) {
    super(message);
  }
}

/** Ends one stream: RESET with `code`. */
export class StreamFault extends Error {
  constructor(
    message: string,
    readonly code: Code = Code.PROTOCOL,
  ) {
    super(message);
  }
}

export type LocalReason =
  | "frame-invalid"
  | "head-invalid"
  | "head-too-large"
  | "streams-exhausted"
  | "goaway"
  | "stream-ended";

/** Our own code used the session wrongly, or asked for more than the peer allows. */
export class LocalFault extends Error {
  constructor(readonly reason: LocalReason) {
    super(reason);
  }
}
