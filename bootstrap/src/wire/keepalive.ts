// Silence on a session: when to send PING, when the box is lost, how many PINGs to acknowledge.
// Source: docs/WIRE.md §8.

import { LIMITS } from "./limits";

export class Keepalive {
  private receivedMs: number | undefined; // when a frame last came
  private pinged = false; // a PING of this silence is on its way
  private serial = 0;
  private sentMs = 0; // when the PING of `serial` was sent
  private acknowledged = 0;
  private acknowledgedSinceMs = 0;

  start(nowMs: number): void {
    this.receivedMs ??= nowMs;
  }

  received(nowMs: number): void {
    this.receivedMs = nowMs;
    this.pinged = false;
  }

  /** When `check` is to be called next, if nothing comes until then. */
  deadline(): number | undefined {
    if (this.receivedMs === undefined) return undefined;
    return this.receivedMs + (this.pinged ? LIMITS.deadAfterMs : LIMITS.pingAfterMs);
  }

  check(nowMs: number): "nothing" | "ping" | "lost" {
    this.start(nowMs);
    const last = this.receivedMs ?? nowMs;
    if (nowMs < (this.deadline() ?? nowMs)) return "nothing";
    if (nowMs >= last + LIMITS.deadAfterMs) return "lost";
    this.pinged = true;
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
