// One stream as the visitor sees it: its answer's state, the parts of a head, the receive window.

import { Code } from "./codes";
import { SessionFault, StreamFault } from "./faults";
import { FLAG_MORE } from "./frame";
import { LIMITS } from "./limits";
import { concat } from "./msgpack";
import { type ResponseState, advance, stepOf } from "./response-state";

// docs/WIRE.md §5: grant when the consumer has read a quarter of the window since the last grant.
const GRANTS_A_WINDOW = 4;
// It doubles if a window's worth was read in so little time, and halves if it took so much.
const GROW_MS = 500;
const SHRINK_MS = 10_000;

export class Exchange {
  answer: ResponseState = "await";
  requestGone = false; // our END has been handed out
  bodiless = false; // the response has no DATA, docs/WIRE.md §4
  private credit: number; // body bytes that may still come
  private read = 0; // bytes that the consumer has read and that have not been granted again
  private turn = 0; // bytes that it has read of this window's worth
  private since: number | undefined; // when it began to read them
  private readonly firstBytes: number;
  private parts: Uint8Array[] = [];
  private partsBytes = 0;

  constructor(
    readonly id: number,
    readonly method: string,
    private windowBytes: number,
    private readonly room: { left: number }, // by what the windows of the link may still grow
  ) {
    this.firstBytes = windowBytes;
    this.credit = windowBytes;
  }

  get over(): boolean {
    return this.requestGone && this.answer === "ended";
  }

  /** Take a step of the box; the state before it. Throws SessionFault. */
  advance(type: number, flags: number): ResponseState {
    const was = this.answer;
    const step = stepOf(type, flags);
    const after = advance(was, step);
    if (!after) throw new SessionFault(`${step} on stream ${this.id}, which is at ${was}`);
    this.answer = after;
    return was;
  }

  /** The whole of a head, once its last part has come. Throws StreamFault HEAD_TOO_LARGE. */
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

  /** Count n body bytes that came. Throws StreamFault FLOW_CONTROL. */
  received(n: number): void {
    if (n > this.credit) {
      throw new StreamFault(`${n} bytes on a credit of ${this.credit}`, Code.FLOW_CONTROL);
    }
    this.credit -= n;
  }

  /** Count n body bytes as read; the credit to grant now, or 0. Without a time the size stays. */
  consumed(n: number, now?: number): number {
    this.read += n;
    if (now !== undefined) this.tune(n, now);
    if (this.answer === "ended" || this.read * GRANTS_A_WINDOW < this.windowBytes) return 0;
    const grant = this.read;
    this.read = 0;
    this.credit += grant;
    return grant;
  }

  /** The stream is over: the others may have its room. */
  close(): void {
    this.resize(this.firstBytes);
  }

  private tune(n: number, now: number): void {
    this.since ??= now;
    this.turn += n;
    if (this.turn < this.windowBytes) return;
    const took = now - this.since;
    const size = this.windowBytes;
    const most = Math.max(size, LIMITS.windowMost);
    if (took <= GROW_MS) this.resize(Math.min(2 * size, most, size + this.room.left));
    else if (took > SHRINK_MS) this.resize(Math.max(size >> 1, this.firstBytes));
    this.turn = 0;
    this.since = now;
  }

  private resize(bytes: number): void {
    const more = bytes - this.windowBytes;
    this.windowBytes = bytes;
    this.room.left -= more;
    this.read += more; // what is less is not granted again
  }
}
