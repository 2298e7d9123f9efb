// Silence on a session: when to send PING, when the box is lost, how many PINGs to answer.
// Source: docs/WIRE.md §8.

import { LIMITS } from "./limits";

export class Keepalive {
  private heardMs: number | undefined; // when a frame last came
  private pinged = false; // a PING of this silence is on its way
  private serial = 0;
  private sentMs = 0; // when the PING of `serial` was sent
  private answered = 0;
  private answeredSinceMs = 0;

  start(nowMs: number): void {
    this.heardMs ??= nowMs;
  }

  heard(nowMs: number): void {
    this.heardMs = nowMs;
    this.pinged = false;
  }

  /** When `check` has something to say, should nothing come till then. */
  deadline(): number | undefined {
    if (this.heardMs === undefined) return undefined;
    return this.heardMs + (this.pinged ? LIMITS.deadAfterMs : LIMITS.pingAfterMs);
  }

  check(nowMs: number): "nothing" | "ping" | "lost" {
    this.start(nowMs);
    const heard = this.heardMs ?? nowMs;
    if (nowMs < (this.deadline() ?? nowMs)) return "nothing";
    if (nowMs >= heard + LIMITS.deadAfterMs) return "lost";
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

  /** How long a PING took; undefined where the answer is to none of ours. */
  pong(payload: Uint8Array, nowMs: number): number | undefined {
    const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
    const ours = view.getUint32(0) === 0 && view.getUint32(4) === this.serial && this.sentMs > 0;
    if (!ours) return undefined;
    const rttMs = nowMs - this.sentMs;
    this.sentMs = 0;
    return rttMs;
  }

  /** Whether a PING that came now is answered: 10 in 10 s are. */
  mayAnswer(nowMs: number): boolean {
    if (nowMs >= this.answeredSinceMs + LIMITS.pingsMs) {
      this.answeredSinceMs = nowMs;
      this.answered = 0;
    }
    this.answered += 1;
    return this.answered <= LIMITS.pings;
  }
}
