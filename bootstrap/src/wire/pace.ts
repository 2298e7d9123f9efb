// Tells a link that has fallen silent from one on which just nothing is said: silence beyond the pace
// at which messages came brings a PING, and a PING without an answer makes the path suspect.

export const LOOK_MS = 100; // how often to look while something is waited for

const QUIET_LEAST_MS = 300;
const QUIET_MOST_MS = 2_500;
// Where PINGs alone are answered, nothing is wrong: each is asked after twice the silence.
const QUIET_ASKED_MS = 10_000;
const PACES = 4; // of the usual gap between messages: so long a silence is unusual
const STALE_MS = 3_000; // of silence, after which nothing is known of the path
const ANSWER_MS = 500; // more than two round trips, for a PING to be answered
const FIRST_RTT_MS = 500;
// The weight of the past in the usual gap.
const FADING = 0.8;

export type Doubt = "nothing" | "ping" | "suspect";

export class Pace {
  private messages = 0;
  private heardMs = -Infinity; // never
  private gapMs = FIRST_RTT_MS;
  private quietMs = 0; // at least
  private pingedMs: number | undefined;
  private rttMs = FIRST_RTT_MS;

  /**
   * Someone waits from now on. After a long silence the link is asked at once; a new one too, so
   * that the round trip is known, and nothing is doubted.
   */
  begin(nowMs: number): Doubt {
    const isNew = this.heardMs === -Infinity;
    const stale = nowMs - this.heardMs > STALE_MS;
    this.heardMs = nowMs;
    this.quietMs = 0;
    this.pingedMs = stale && !isNew ? nowMs : undefined;
    return stale ? "ping" : "nothing";
  }

  /** Something may have happened to the path: the link is asked now. */
  doubt(nowMs: number): void {
    this.pingedMs ??= nowMs;
  }

  /** Whether an answer is waited for. */
  get doubts(): boolean {
    return this.pingedMs !== undefined;
  }

  /** The link is another one, and has been heard of. */
  renewed(nowMs: number): void {
    this.heardMs = nowMs;
    this.pingedMs = undefined;
  }

  /** A PING was answered after so long: one of the messages that `look` will see. */
  pong(rttMs: number, nowMs: number): void {
    this.rttMs = rttMs;
    this.renewed(nowMs);
    this.quietMs = Math.min(QUIET_ASKED_MS, 2 * Math.max(this.quietMs, this.usualMs));
    this.messages += 1;
  }

  /** What has to be done now. messages: how many have come on the link in all. */
  look(messages: number, nowMs: number): Doubt {
    if (this.messages !== messages) {
      if (messages > this.messages) {
        const gapMs = nowMs - this.heardMs;
        this.gapMs = Math.max(gapMs, FADING * this.gapMs + (1 - FADING) * gapMs);
        this.quietMs = 0;
      }
      this.messages = messages;
      this.renewed(nowMs);
      return "nothing";
    }
    if (this.pingedMs === undefined) {
      if (nowMs - this.heardMs < Math.max(this.quietMs, this.usualMs)) return "nothing";
      this.pingedMs = nowMs;
      return "ping";
    }
    return nowMs - this.pingedMs < 2 * this.rttMs + ANSWER_MS ? "nothing" : "suspect";
  }

  private get usualMs(): number {
    return Math.min(QUIET_MOST_MS, Math.max(QUIET_LEAST_MS, PACES * this.gapMs));
  }
}
