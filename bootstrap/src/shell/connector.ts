// Keeps a link to the box: attempts, backoff, reconnection, and what the page shows of them. A visit
// may begin with a dial. If that does not reach the box soon an offer follows, and the first link to
// open wins.

import type { LinkNews, ShellToWorker } from "../messages/worker-shell";
import { Code } from "../wire/codes";
import type { Attempt } from "./attempt";
import type { Beginning } from "./beginning";
import type { Dial } from "./dial";
import { type LinkState, type LinkStep, nextState } from "./link-state";
import type { Refusal } from "./trust";

// Full jitter: a random time up to a bound that doubles.
const BACKOFF_FIRST_MS = 100;
const BACKOFF_MOST_MS = 5_000;
// A link that ended sooner than this was hardly one.
const SHORT_MS = 5_000;
// So long after a link was lost its box is expected back, from a restart say: requests wait for it,
// and it is asked for about as often as an agent needs to start.
const RETURNS_MS = 30_000;
const RETURNING_MS = 1_000; // and half of it at least: not all visitors at once
// A coordinator that cannot be reached is mostly back at once: a page shows it after so many tries.
const UNREACHED = 2;
// A check mostly reaches a box that can be dialled within the first of these times, and the link is
// then open within the second.
const DIAL_MS = 300;
const DIAL_MORE_MS = 1_000;

export interface ConnectorOwner {
  moved(state: LinkState): void;
  relayAtHand(): void;
  /** The box is there, and the link not open yet. */
  reached(): void;
  /** In how many seconds to ask again; undefined: only when a person asks for it. */
  refused(refusal: Refusal): number | undefined;
  /** An attempt came to nothing. reached: the coordinator replied, and no path was found. */
  fruitless(reached: boolean, delayMs: number): void;
  /** The box wants a newer shell. */
  outdated(): void;
  /** The browser cannot give a data channel to a worker. */
  incapable(): void;
}

export class Connector {
  private state: LinkState = "idle";
  private readonly attempts = new Map<number, Attempt | Dial>();
  private last = 0;
  private current = 0; // 0: none
  private rival = 0; // a dial beside it
  private silent = 0; // what was current before it fell silent
  private failures = 0;
  private openedMs = 0;
  private lostMs = -RETURNS_MS;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly beginning: Beginning,
    private readonly owner: ConnectorOwner,
  ) {}

  start(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (!["idle", "waiting", "refused"].includes(this.state)) return;
    this.step("start");
    const id = this.attempt();
    const dial = this.attempts.get(id);
    if (isDial(dial)) this.beside(id, () => !dial.isReached, DIAL_MS);
  }

  /** No visit can be made here: the link is given up, and no other is tried. */
  stop(): void {
    clearTimeout(this.timer);
    for (const id of [...this.attempts.keys()]) this.drop(id);
    this.current = 0;
  }

  /** What happened to a link, as the worker reports it. */
  receive(message: LinkNews): void {
    switch (message.kind) {
      case "open":
        this.attempts.get(message.link)?.opened();
        if (message.link === this.rival) [this.current, this.rival] = [this.rival, this.current];
        if (message.link === this.current) {
          const rival = this.attempts.get(this.rival);
          if (isDial(rival)) rival.overtaken();
          this.drop(this.rival);
          this.openedMs = performance.now();
          this.step("opened");
        }
        return;
      case "goaway":
        if (message.link !== this.current) return;
        // It drains: its attempt stays in the table, and no longer is the current one.
        this.current = 0;
        this.leave(message.code);
        return;
      case "suspect":
        if (message.link !== this.current) return;
        // Another link may carry its session on: it stays in the table until then.
        this.silent = this.current;
        this.current = 0;
        this.lose();
        this.start();
        return;
      case "fine":
        if (message.link !== this.silent || !this.attempts.has(this.silent)) return;
        clearTimeout(this.timer);
        this.drop(this.rival);
        this.drop(this.current);
        this.current = this.silent;
        this.step("opened");
        return;
      case "placed":
        this.beginning.target.place = message.place;
        return;
      case "lost":
        if (this.end(message.link)) this.leave(message.code);
        return;
      default:
        message satisfies never;
    }
  }

  private attempt(): number {
    const id = (this.current = this.last += 1);
    const mine = (): boolean => this.current === id;
    const attempt = this.beginning.attempt(id, {
      introduced: () => mine() && this.step("introduced"),
      answered: () => mine() && this.step("answered"),
      relayAtHand: () => mine() && this.owner.relayAtHand(),
      reached: () => this.owner.reached(),
      incapable: () => this.owner.incapable(),
      refused: (refusal) => {
        if (id !== this.current && id !== this.rival) return;
        this.drop(this.rival);
        this.drop(this.current);
        this.current = 0;
        this.refuse(refusal);
      },
      failed: (reached) => {
        if (this.end(id)) this.fail(reached);
      },
      doubtful: () => this.post({ kind: "probe" }),
    });
    this.attempts.set(id, attempt);
    return id;
  }

  // An offer beside this dial, where it does not get on.
  private beside(dial: number, isSlow: () => boolean, afterMs: number): void {
    setTimeout(() => {
      if (this.current !== dial || this.state === "open") return;
      if (!isSlow()) {
        this.beside(dial, () => true, DIAL_MORE_MS);
        return;
      }
      this.rival = dial;
      this.attempt();
    }, afterMs);
  }

  /** Someone waits, or the network is back: do not sit out the backoff. */
  hurry(): void {
    if (this.timer !== undefined) this.start();
    if (this.state === "open") this.post({ kind: "probe" });
  }

  private leave(code: Code): void {
    switch (code) {
      case Code.VERSION:
        this.owner.outdated();
        return;
      case Code.APP_UNKNOWN:
        this.refuse({ kind: "coordinator", code: "app-unknown", retryS: undefined });
        return;
      default:
        // A box may end a link, or let it drain, before the worker reports it as open.
        if (this.state === "open") this.lose();
        else this.fail(true);
    }
  }

  private refuse(refusal: Refusal): void {
    this.step("refused");
    const inS = this.owner.refused(refusal);
    const returns = performance.now() - this.lostMs < RETURNS_MS;
    if (inS === undefined || !returns) this.post({ kind: "give-up" });
    if (inS === undefined) return;
    const isAway = "code" in refusal && refusal.code === "box-offline";
    this.after(returns && isAway ? RETURNING_MS * (1 - Math.random() / 2) : inS * 1_000);
  }

  private fail(reached: boolean): void {
    this.failures += 1;
    this.step("failed");
    const delayMs = this.later();
    if (reached || this.failures >= UNREACHED) this.owner.fruitless(reached, delayMs);
  }

  private lose(): void {
    this.lostMs = performance.now();
    const short = this.lostMs - this.openedMs < SHORT_MS;
    this.failures = short ? this.failures + 1 : 0;
    this.step("lost");
    this.later();
  }

  private later(): number {
    const mostMs = Math.min(BACKOFF_MOST_MS, BACKOFF_FIRST_MS * 2 ** this.failures);
    return this.after(Math.random() * mostMs);
  }

  private after(delayMs: number): number {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.start(), delayMs);
    return delayMs;
  }

  // It came to nothing. Whether nothing else is under way.
  private end(id: number): boolean {
    const dialled = isDial(this.attempts.get(id));
    this.drop(id);
    if (id !== this.current) return false;
    // A dial that fails proves nothing about the box: the coordinator is asked, if it has not been.
    if (dialled && this.state === "finding" && this.last === id) this.attempt();
    else [this.current, this.rival] = [this.rival, 0];
    return !this.current;
  }

  private drop(id: number): void {
    if (id === this.rival) this.rival = 0;
    if (this.attempts.has(id)) this.post({ kind: "drop", link: id });
    this.attempts.get(id)?.stop();
    this.attempts.delete(id);
  }

  private step(step: LinkStep): void {
    this.state = nextState(this.state, step);
    this.owner.moved(this.state);
  }

  private post(message: ShellToWorker): void {
    this.beginning.worker.postMessage(message);
  }
}

function isDial(attempt: Attempt | Dial | undefined): attempt is Dial {
  return attempt !== undefined && "isReached" in attempt;
}
