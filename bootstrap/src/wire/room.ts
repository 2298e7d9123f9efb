// How the windows of a link grow and shrink, and the room that they share. Source: docs/WIRE.md §5.

import { LIMITS } from "./limits";

// A window doubles if a quarter of it was read within four round trips, but at least the first of these
// times and at most the second; it halves if reading a quarter lasted longer than the third.
const TURNS_PER_WINDOW = 4;
const GROW_ROUND_TRIPS = 4;
const GROW_LEAST_MS = 500;
const GROW_MOST_MS = 4_000;
const SHRINK_MS = 10_000;

/** A receive window: its size, and what was read of it and has not been granted again yet. */
interface Sized {
  bytes: number;
  read: number;
}

/**
 * The bytes by which all windows of a link may grow. As long as some are left, who asks gets them. Once
 * one below its even share has asked in vain, those above theirs return the excess as they read.
 */
export class Room {
  growMs = GROW_LEAST_MS; // so soon must a quarter of a window be read for it to grow
  allowedBytes: number; // that each holder may have now
  private leftBytes: number;
  private holders = 0;

  /** mostBytes: that a window grows to. */
  constructor(
    readonly mostBytes: number = LIMITS.windowMost,
    private readonly totalBytes: number = 2 * mostBytes,
  ) {
    this.leftBytes = this.allowedBytes = totalBytes;
  }

  growth(window: Sized): Growth {
    return new Growth(window, this);
  }

  /** How many of the bytes wanted one gets that holds some already. */
  ask(wanted: number, held: number): number {
    if (held >= this.allowedBytes) return 0;
    const more = Math.min(wanted, this.leftBytes, this.allowedBytes - held);
    const share = Math.floor(this.totalBytes / (this.holders + Number(!held)));
    const short = more < wanted && held + more < share;
    this.allowedBytes = short ? share : this.totalBytes;
    this.leftBytes -= more;
    this.holders += Number(more > 0 && !held);
    return more;
  }

  /** One that held so many bytes needs some of them no more; all: perhaps it is over. */
  giveBack(returned: number, held: number): void {
    this.leftBytes += returned;
    if (returned !== held) return;
    this.allowedBytes = this.totalBytes;
    this.holders -= Number(returned > 0);
  }

  /** A round trip of the link was measured. */
  roundTrip(ms: number): void {
    this.growMs = Math.min(GROW_MOST_MS, Math.max(GROW_LEAST_MS, GROW_ROUND_TRIPS * ms));
  }
}

/** The size of one window. What has been granted already is kept of later grants. */
export class Growth {
  private readonly firstBytes: number;
  private targetBytes: number;
  private turn = 0; // bytes read since the window was last tuned
  private since: number | undefined; // when the first of them was read

  constructor(
    private readonly window: Sized,
    private readonly room: Room,
  ) {
    this.firstBytes = this.targetBytes = window.bytes;
  }

  /** n bytes were read. */
  tune(n: number, now: number): void {
    const { window, room } = this;
    if (this.since === undefined) {
      this.since = now; // what came first has taken no time
      return;
    }
    this.turn += n;
    if (this.turn * TURNS_PER_WINDOW < window.bytes) return;
    const lastedMs = now - this.since;
    if (lastedMs <= room.growMs) {
      const wanted = Math.min(window.bytes, room.mostBytes - window.bytes);
      if (wanted > 0) this.resize(room.ask(wanted, this.heldBytes));
      this.targetBytes = window.bytes;
    } else if (lastedMs > SHRINK_MS) {
      this.targetBytes = Math.max(window.bytes >> 1, this.firstBytes);
    }
    this.turn = 0;
    this.since = now;
  }

  /** A grant is due: what the room is to have back is not granted again. */
  shrink(): void {
    const { window, room, heldBytes } = this;
    if (!heldBytes) return;
    const most = Math.min(this.targetBytes, this.firstBytes + room.allowedBytes);
    const less = Math.min(window.bytes - most, window.read);
    if (less <= 0) return;
    room.giveBack(less, heldBytes);
    this.resize(-less);
  }

  close(): void {
    this.room.giveBack(this.heldBytes, this.heldBytes);
    this.window.bytes = this.firstBytes;
  }

  private get heldBytes(): number {
    return this.window.bytes - this.firstBytes;
  }

  private resize(more: number): void {
    this.window.bytes += more;
    this.window.read += more;
  }
}
