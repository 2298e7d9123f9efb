// Finds out whether a silent link is lost, or only has nothing to carry. If messages stay away longer
// than their usual gap, a PING is sent; if that is not acknowledged, the path is suspect. That costs an
// attempt at another link, which is dropped if messages come over this one again.

// How often to look while something is waited for: so many times within the time that is looked for.
const LOOKS = 8;
const LOOK_LEAST_MS = 25;
const LOOK_MOST_MS = 250;

const QUIET_LEAST_MS = 200;
const QUIET_MOST_MS = 2_500;
// As long as PINGs are acknowledged nothing is wrong: the silence before the next one doubles, up to this.
const QUIET_PINGED_MS = 10_000;
const GAPS = 1.5; // a silence of so many of the longest gaps between messages lately is unusual
const PINGS_APART_MS = 1_200; // the box acknowledges 10 in 10 s
const STALE_MS = 3_000; // of silence, after which nothing is known of the path
// How long a PING may wait beyond two round trips: a process may be busy for a moment. The more often
// it was acknowledged after all, the longer.
const PONG_MS = 150;
const PONG_MOST_MS = 1_200;
const FIRST_RTT_MS = 500;
// The weight of the past in the usual gap.
const FADING = 0.8;
// Who looks so much later than it wanted to has stood still itself: the PONG may be waiting.
const STOOD_STILL_MS = 50;

export type Doubt = "nothing" | "ping" | "suspect";

export class Pace {
  private messages = 0;
  private receivedMs = -Infinity; // never
  private gapMs = FIRST_RTT_MS;
  private quietMs = 0; // at least
  private pingedMs: number | undefined; // not acknowledged so far
  private askedMs = -Infinity; // the last PING
  private rttMs = FIRST_RTT_MS;
  private pongMs = PONG_MS;
  private lookAtMs = Infinity;
  private forgave = false; // that we stood still, since that PING
  private wasSuspect = false;

  /** How soon to look again. */
  get lookMs(): number {
    const wantedMs =
      this.pingedMs === undefined ? Math.max(this.quietMs, this.usualMs) : this.patienceMs;
    return Math.min(LOOK_MOST_MS, Math.max(LOOK_LEAST_MS, wantedMs / LOOKS));
  }

  /**
   * Someone waits from now on. After a long silence a PING is sent at once. A new link gets one too,
   * so that the round trip is known, but it is not doubted.
   */
  begin(nowMs: number): Doubt {
    const isNew = this.receivedMs === -Infinity;
    const stale = nowMs - this.receivedMs > STALE_MS;
    this.well(nowMs);
    this.quietMs = 0;
    if (stale && !isNew) this.doubt(nowMs);
    return stale ? "ping" : "nothing";
  }

  /** Someone waits beside others. What these wait for may be seldom; this need not be. */
  more(nowMs: number): Doubt {
    const stale = nowMs - Math.max(this.receivedMs, this.askedMs) > STALE_MS;
    if (!stale || this.doubts) return "nothing";
    this.doubt(nowMs);
    return "ping";
  }

  /** Something may have happened to the path: a PING is sent now. */
  doubt(nowMs: number): void {
    if (this.pingedMs !== undefined) return;
    this.pingedMs = this.askedMs = nowMs;
    this.lookAtMs = Infinity;
    this.forgave = false;
  }

  /** The path is lost as far as can be known: it is suspect until something comes. */
  lost(nowMs: number): void {
    this.askedMs = nowMs;
    this.pingedMs = -Infinity;
  }

  /** Whether a PING has not been acknowledged yet. */
  get doubts(): boolean {
    return this.pingedMs !== undefined;
  }

  /** The session goes on over another link, whose round trip is not known. */
  renewed(nowMs: number): void {
    this.wasSuspect = false;
    this.well(nowMs);
    this.rttMs = Math.max(this.rttMs, FIRST_RTT_MS);
  }

  /** A PING was acknowledged; `look` will count that message too. */
  pong(rttMs: number, nowMs: number): void {
    this.rttMs = rttMs;
    this.well(nowMs);
    this.quietMs = Math.min(QUIET_PINGED_MS, 2 * Math.max(this.quietMs, this.usualMs));
    this.messages += 1;
  }

  /** What has to be done now. messages: how many have come on the link in all. */
  look(messages: number, nowMs: number): Doubt {
    const lateMs = nowMs - this.lookAtMs;
    const doubt = this.judge(messages, nowMs, lateMs);
    this.lookAtMs = nowMs + this.lookMs;
    return doubt;
  }

  private judge(messages: number, nowMs: number, lateMs: number): Doubt {
    if (this.messages !== messages) {
      if (messages > this.messages) {
        const gapMs = nowMs - this.receivedMs;
        this.gapMs = Math.max(gapMs, FADING * this.gapMs + (1 - FADING) * gapMs);
        this.quietMs = 0;
      }
      this.messages = messages;
      this.well(nowMs);
      return "nothing";
    }
    if (this.pingedMs === undefined) {
      const quiet = nowMs - this.receivedMs >= Math.max(this.quietMs, this.usualMs);
      if (!quiet || nowMs < this.askedMs + PINGS_APART_MS) return "nothing";
      this.doubt(nowMs);
      return "ping";
    }
    if (lateMs > STOOD_STILL_MS && !this.forgave) {
      this.forgave = true;
      this.pingedMs = Math.min(nowMs, this.pingedMs + lateMs);
    }
    if (nowMs - this.pingedMs < this.patienceMs) return "nothing";
    this.wasSuspect = true;
    return "suspect";
  }

  // Something came. If the link was suspected, that was a mistake.
  private well(nowMs: number): void {
    this.receivedMs = nowMs;
    this.pingedMs = undefined;
    if (!this.wasSuspect) return;
    this.wasSuspect = false;
    this.pongMs = Math.min(PONG_MOST_MS, 2 * this.pongMs);
  }

  private get patienceMs(): number {
    return 2 * this.rttMs + this.pongMs;
  }

  private get usualMs(): number {
    return Math.min(QUIET_MOST_MS, Math.max(QUIET_LEAST_MS, GAPS * this.gapMs));
  }
}
