// Finds out whether a silent link is lost, or only has nothing to carry. If messages stay away longer
// than their usual gap, a PING is sent; if that is not acknowledged, the path is suspect.

export const LOOK_MS = 100; // how often to look while something is waited for

const QUIET_LEAST_MS = 300;
const QUIET_MOST_MS = 2_500;
// As long as PINGs are acknowledged nothing is wrong: the silence before the next one doubles, up to this.
const QUIET_PINGED_MS = 10_000;
const GAPS = 4; // a silence of so many usual gaps between messages is unusual
const STALE_MS = 3_000; // of silence, after which nothing is known of the path
const PONG_MS = 500; // how long a PING may wait beyond two round trips
const FIRST_RTT_MS = 500;
// The weight of the past in the usual gap.
const FADING = 0.8;

export type Doubt = "nothing" | "ping" | "suspect";

export class Pace {
  private messages = 0;
  private receivedMs = -Infinity; // never
  private gapMs = FIRST_RTT_MS;
  private quietMs = 0; // at least
  private pingedMs: number | undefined;
  private rttMs = FIRST_RTT_MS;

  /**
   * Someone waits from now on. After a long silence a PING is sent at once. A new link gets one too,
   * so that the round trip is known, but it is not doubted.
   */
  begin(nowMs: number): Doubt {
    const isNew = this.receivedMs === -Infinity;
    const stale = nowMs - this.receivedMs > STALE_MS;
    this.receivedMs = nowMs;
    this.quietMs = 0;
    this.pingedMs = stale && !isNew ? nowMs : undefined;
    return stale ? "ping" : "nothing";
  }

  /** Something may have happened to the path: a PING is sent now. */
  doubt(nowMs: number): void {
    this.pingedMs ??= nowMs;
  }

  /** Whether a PING has not been acknowledged yet. */
  get doubts(): boolean {
    return this.pingedMs !== undefined;
  }

  /** Something has come, or the session goes on over another link. */
  renewed(nowMs: number): void {
    this.receivedMs = nowMs;
    this.pingedMs = undefined;
  }

  /** A PING was acknowledged; `look` will count that message too. */
  pong(rttMs: number, nowMs: number): void {
    this.rttMs = rttMs;
    this.renewed(nowMs);
    this.quietMs = Math.min(QUIET_PINGED_MS, 2 * Math.max(this.quietMs, this.usualMs));
    this.messages += 1;
  }

  /** What has to be done now. messages: how many have come on the link in all. */
  look(messages: number, nowMs: number): Doubt {
    if (this.messages !== messages) {
      if (messages > this.messages) {
        const gapMs = nowMs - this.receivedMs;
        this.gapMs = Math.max(gapMs, FADING * this.gapMs + (1 - FADING) * gapMs);
        this.quietMs = 0;
      }
      this.messages = messages;
      this.renewed(nowMs);
      return "nothing";
    }
    if (this.pingedMs === undefined) {
      if (nowMs - this.receivedMs < Math.max(this.quietMs, this.usualMs)) return "nothing";
      this.pingedMs = nowMs;
      return "ping";
    }
    return nowMs - this.pingedMs < 2 * this.rttMs + PONG_MS ? "nothing" : "suspect";
  }

  private get usualMs(): number {
    return Math.min(QUIET_MOST_MS, Math.max(QUIET_LEAST_MS, GAPS * this.gapMs));
  }
}
