// Watches the path of a link while somebody waits for something on it: sends PINGs when it is silent
// beyond its pace (wire/pace), and limits how long a lost or silent path may stay so.

import { Pace } from "../wire/pace";
import { WIDE } from "../wire/hello";
import type { Channel } from "./channel";
import { repeat } from "./repeating";

// How long a session whose path is lost or silent waits for another link to carry it on.
const RESUME_MS = 30_000;
// The same, if the box can carry no session on.
const SILENT_MS = 7_500;

// By so much more than the browser's clock the one on the wall moves on while the machine sleeps.
const SLEPT_MS = 1_000;

// How often it is looked whether the machine has slept, though nobody waits for anything.
const WAKES_MS = 2_000;
// So long after its last sign of life the box has ended a link (docs/dataplane/CONSTANTS.md). Timers
// that only were late look like a sleep: each such mistake doubles it.
const GONE_MS = 15_000;

export interface PathWatchOwner {
  /** There is a channel, and the session has not ended. */
  readonly connected: boolean;
  readonly resumable: boolean;
  readonly openStreams: number;
  readonly channel: Channel | undefined;
  speaks(extension: string): boolean | undefined;
  ping(): void;
  /** The path is lost, or silent beyond its pace. */
  suspected(): void;
  /** Messages come again. */
  recovered(): void;
  /** It stayed lost or silent for too long. */
  expired(): void;
}

export class PathWatch {
  private readonly pace = new Pace();
  private messages = 0;
  private looking: ReturnType<typeof setTimeout> | undefined;
  private waiting: ReturnType<typeof setTimeout> | undefined;
  private stopped = false;
  private driftMs = Infinity; // of the clock on the wall against the browser's, at the last look
  private sleptMs = 0;
  private goneMs = GONE_MS;
  private awakeMs = Date.now();
  private readonly waking = setInterval(() => this.slept(), WAKES_MS);

  constructor(private readonly owner: PathWatchOwner) {
    this.repeat();
  }

  /**
   * Whether the machine has slept for so long that another link has to be found: what is sent on this
   * one would be lost. Called before anything is.
   */
  slept(): boolean {
    const ms = Date.now();
    const asleepMs = ms - this.awakeMs;
    this.awakeMs = ms;
    if (asleepMs < WAKES_MS + this.goneMs || !this.owner.connected) return false;
    this.goneMs *= 2;
    this.pace.lost(this.now());
    this.owner.ping();
    this.lookSoon();
    this.wait();
    return true;
  }

  /** Somebody waits from now on. */
  begin(): void {
    const { pace } = this;
    const now = this.now();
    if ((this.looking ? pace.more(now) : pace.begin(now)) === "ping") this.owner.ping();
    this.lookSoon();
  }

  /** Find out at once whether the box is still there. */
  probe(): void {
    this.pace.doubt(this.now());
    this.owner.ping();
    this.lookSoon();
  }

  received(): void {
    this.messages += 1;
  }

  pong(rttMs: number): void {
    this.pace.pong(rttMs, this.now());
  }

  /** The session waits for another channel, or until messages come again. */
  wait(): void {
    if (this.waiting) return;
    const mostMs = this.owner.resumable ? RESUME_MS : SILENT_MS;
    this.waiting = setTimeout(() => this.owner.expired(), mostMs);
    this.owner.suspected();
  }

  /** The session goes on over another channel. */
  renew(): void {
    this.endWait();
    this.goneMs = GONE_MS;
    this.pace.renewed(this.now());
    this.repeat();
    this.owner.ping();
    this.lookSoon();
  }

  stop(): void {
    this.stopped = true;
    clearInterval(this.waking);
    clearTimeout(this.waiting);
  }

  // What is lost on the present channel is repeated by this side.
  private repeat(): void {
    repeat(this.owner.channel, () => this.owner.speaks(WIDE) === true);
  }

  private lookSoon(): void {
    if (this.stopped) return;
    this.looking ??= setTimeout(() => {
      this.looking = undefined;
      if (this.owner.connected) this.look();
    }, this.pace.lookMs);
  }

  private look(): void {
    const doubt = this.pace.look(this.messages, this.now());
    if (doubt === "ping") this.owner.ping();
    if (doubt === "suspect") this.wait();
    else if (this.waiting) {
      this.endWait();
      this.owner.recovered();
    }
    if (doubt !== "nothing" || this.owner.openStreams || this.pace.doubts) this.lookSoon();
  }

  // The browser's clock may stand still while the machine sleeps.
  private now(): number {
    const nowMs = performance.now();
    const driftMs = Date.now() - nowMs;
    if (driftMs - this.driftMs > SLEPT_MS) this.sleptMs += driftMs - this.driftMs;
    this.driftMs = driftMs;
    return nowMs + this.sleptMs;
  }

  private endWait(): void {
    clearTimeout(this.waiting);
    this.waiting = undefined;
  }
}
