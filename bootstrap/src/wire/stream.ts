// One stream as the visitor sees it: the state of its response, the parts of a head.

import { Code } from "./codes";
import { SessionFault, StreamFault } from "./faults";
import { FLAG_MORE } from "./frame";
import { LIMITS } from "./limits";
import { concat } from "./msgpack";
import { type ResponseState, advance, stepOf } from "./response-state";
import type { ReceiveWindow } from "./window";

export class Stream {
  response: ResponseState = "await";
  requestGone = false; // our END has been handed out
  bodiless = false; // the response has no DATA, docs/WIRE.md §4
  private parts: Uint8Array[] = [];
  private partsBytes = 0;

  constructor(
    readonly id: number,
    readonly method: string,
    readonly window: ReceiveWindow,
  ) {}

  get over(): boolean {
    return this.requestGone && this.response === "ended";
  }

  /** A frame of the box takes the response one step on. Returns the state before. Throws SessionFault. */
  advance(type: number, flags: number): ResponseState {
    const was = this.response;
    const step = stepOf(type, flags);
    const after = advance(was, step);
    if (!after) throw new SessionFault(`${step} on stream ${this.id}, which is at ${was}`);
    this.response = after;
    return was;
  }

  /** The whole head, once its last part has come. Throws StreamFault HEAD_TOO_LARGE. */
  whole(flags: number, payload: Uint8Array): Uint8Array | undefined {
    this.partsBytes += payload.length;
    if (this.partsBytes > LIMITS.headBytes) {
      throw new StreamFault("a head of too many bytes", Code.HEAD_TOO_LARGE);
    }
    const more = (flags & FLAG_MORE) !== 0;
    if (!more && !this.parts.length) {
      this.partsBytes = 0;
      return payload;
    }
    this.parts.push(payload.slice());
    if (more) return undefined;
    const whole = concat(this.parts);
    this.parts = [];
    this.partsBytes = 0;
    return whole;
  }

  /** The consumer has read n body bytes: the credit to grant now, or 0. */
  consumed(n: number, now?: number): number {
    const grant = this.window.consumed(n, now);
    return this.response === "ended" ? 0 : grant;
  }
}
