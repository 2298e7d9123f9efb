// One stream as the visitor sees it: the state of its response, the parts of a head, the receive window.

import { Code } from "./codes";
import { SessionFault, StreamFault } from "./faults";
import { FLAG_MORE } from "./frame";
import { LIMITS } from "./limits";
import { concat } from "./msgpack";
import { type ResponseState, advance, stepOf } from "./response-state";

// docs/WIRE.md §5: grant when the consumer has read a quarter of the window since the last grant.
const GRANTS_PER_WINDOW = 4;
// The window doubles if one window's worth of bytes was read within the first of these times, and
// halves if reading them lasted longer than the second.
const GROW_MS = 500;
const SHRINK_MS = 10_000;

export class Stream {
  response: ResponseState = "await";
  requestGone = false; // our END has been handed out
  bodiless = false; // the response has no DATA, docs/WIRE.md §4
  private credit: number; // body bytes that may still come
  private read = 0; // bytes that were read, and not granted again yet
  private turn = 0; // bytes read since the window was last tuned
  private since: number | undefined; // when the first of them was read
  private readonly firstBytes: number;
  private parts: Uint8Array[] = [];
  private partsBytes = 0;

  constructor(
    readonly id: number,
    readonly method: string,
    private windowBytes: number,
    private readonly room: { left: number }, // bytes by which all windows of the session may still grow
  ) {
    this.firstBytes = windowBytes;
    this.credit = windowBytes;
  }

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

  /** Count n body bytes that came. Throws StreamFault FLOW_CONTROL. */
  received(n: number): void {
    if (n > this.credit) {
      throw new StreamFault(`${n} bytes on a credit of ${this.credit}`, Code.FLOW_CONTROL);
    }
    this.credit -= n;
  }

  /**
   * Count n body bytes as read. Returns the credit to grant now, or 0. Without a time the window keeps
   * its size.
   */
  consumed(n: number, now?: number): number {
    this.read += n;
    if (now !== undefined) this.tune(n, now);
    if (this.response === "ended" || this.read * GRANTS_PER_WINDOW < this.windowBytes) return 0;
    const grant = this.read;
    this.read = 0;
    this.credit += grant;
    return grant;
  }

  /** The stream is over: the windows of others may grow instead. */
  close(): void {
    this.resize(this.firstBytes);
  }

  private tune(n: number, now: number): void {
    this.since ??= now;
    this.turn += n;
    if (this.turn < this.windowBytes) return;
    const lastedMs = now - this.since;
    const size = this.windowBytes;
    const most = Math.max(size, LIMITS.windowMost);
    if (lastedMs <= GROW_MS) this.resize(Math.min(2 * size, most, size + this.room.left));
    else if (lastedMs > SHRINK_MS) this.resize(Math.max(size >> 1, this.firstBytes));
    this.turn = 0;
    this.since = now;
  }

  private resize(bytes: number): void {
    const more = bytes - this.windowBytes;
    this.windowBytes = bytes;
    this.room.left -= more;
    this.read += more; // a smaller window: so many bytes are not granted again
  }
}
