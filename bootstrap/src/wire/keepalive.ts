// Silence on a session: when to send PING, when the box is lost, how many PINGs to acknowledge.
// Source: docs/WIRE.md §8.

import { LIMITS } from "./limits";

// Whoever looks at the clock so much later than it wanted to has stood still itself, and the reply may
// be waiting: the box is asked again, so often in one silence.
const STOOD_STILL_MS = 1_000;
const FORGIVEN = 3;

export class Keepalive {
  private receivedMs: number | undefined; // when a frame last came
  private askedMs: number | undefined; // when the last PING of this silence was sent
  private forgiven = 0; // standstills of ours in this silence
  private serial = 0;
  private sentMs = 0; // when the PING of `serial` was sent
  private acknowledged = 0;
  private acknowledgedSinceMs = 0;

  start(nowMs: number): void {
    this.receivedMs ??= nowMs;
  }

  received(nowMs: number): void {
    this.receivedMs = nowMs;
    this.askedMs = undefined;
  }

  /** When `check` is to be called next, if nothing comes until then. */
  deadline(): number | undefined {
    if (this.askedMs !== undefined) return this.askedMs + LIMITS.deadAfterMs - LIMITS.pingAfterMs;
    return this.receivedMs === undefined ? undefined : this.receivedMs + LIMITS.pingAfterMs;
  }

  check(nowMs: number): "nothing" | "ping" | "lost" {
    this.start(nowMs);
    const lateMs = nowMs - (this.deadline() ?? 0);
    if (lateMs < 0) return "nothing";
    if (this.askedMs === undefined) this.forgiven = 0;
    else if (lateMs < STOOD_STILL_MS || this.forgiven++ === FORGIVEN) return "lost";
    this.askedMs = nowMs;
    return "ping";
  }

  /** The payload of a new PING; an older one that is still on its way no longer counts. */
  nextPing(nowMs: number): Uint8Array {
    this.serial += 1;
    this.sentMs = nowMs;
    const payload = new Uint8Array(8);
    new DataView(payload.buffer).setUint32(4, this.serial);
    return payload;
  }

  /** The round trip of our PING; undefined if this acknowledges none of ours. */
  pong(payload: Uint8Array, nowMs: number): number | undefined {
    const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
    const ours = view.getUint32(0) === 0 && view.getUint32(4) === this.serial && this.sentMs > 0;
    if (!ours) return undefined;
    const rttMs = nowMs - this.sentMs;
    this.sentMs = 0;
    return rttMs;
  }

  /** Whether a PING that came now is acknowledged: at most 10 per 10 s are. */
  mayAcknowledge(nowMs: number): boolean {
    if (nowMs >= this.acknowledgedSinceMs + LIMITS.pingsMs) {
      this.acknowledgedSinceMs = nowMs;
      this.acknowledged = 0;
    }
    this.acknowledged += 1;
    return this.acknowledged <= LIMITS.pings;
  }
}
