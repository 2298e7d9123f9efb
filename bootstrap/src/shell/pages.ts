// Which of the shell's own pages covers the app, and when such a page tries again by itself.

import type { Late } from "../messages/late";
import {
  type Names,
  type ProblemCode,
  type ProblemText,
  RETRIES,
  isProblemCode,
} from "../messages/problems";
import type { HiddenShell } from "../messages/sibling";
import type { Refusal } from "./trust";
import { loadLate } from "./parts";
import type { LinkState } from "./link-state";
import { progressOf } from "./progress";
import type { Screen } from "./screen";

/** What is added to a problem's text. */
type More = (late: Late) => Partial<ProblemText>;

/** none: the app is in view. link, app: a problem of the link, or of what the frame asked for. */
export type Cover = "none" | "progress" | "link" | "app";

const UNEXPLAINED = "What is wrong cannot be shown. Check your network, then reload.";
// A part that takes longer may never come: what cuts off the box may cut off the edge, too.
const LATE_MS = 2_000;
// Seconds between tries, the last one for ever.
const PAUSES_S = [2, 3, 5, 8, 13, 20, 30];

export class Pages {
  cover: Cover = "progress";
  private tries = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private act: (() => void) | undefined;
  private turns = 0; // so that a text that comes late is not drawn over what came after it

  constructor(
    private readonly screen: Screen,
    private readonly names: Names,
    private readonly hidden?: HiddenShell,
  ) {}

  progress(state: LinkState, slow: boolean): void {
    this.turn("progress");
    if (this.hidden) {
      this.hidden.problem(undefined);
      return;
    }
    this.screen.progress(progressOf(state, this.names.alias, slow), this.names.host);
  }

  /** The app is in view, and all is well. */
  clear(): void {
    this.turn("none");
    this.tries = 0;
    this.screen.hide();
  }

  /** A page about the link. inS: when it is tried again unasked; undefined: never. */
  link(code: ProblemCode, retry: () => void, inS: number | undefined, more?: More): void {
    this.turn("link");
    this.draw(code, retry, inS, more);
  }

  /** A page about what the frame asked for; it asks again by itself where that may help. */
  app(code: ProblemCode, retry: () => void, more: Partial<ProblemText> = {}): void {
    this.turn("app");
    const again = (): void => {
      this.stop();
      retry();
    };
    const inS = RETRIES[code] === "again" ? this.pause() : undefined;
    if (inS !== undefined) {
      this.act = again;
      this.timer = setTimeout(again, inS * 1_000);
    }
    this.draw(code, again, inS, () => more);
  }

  /** Says why there is no link, and in how many seconds to try again; undefined: never unasked. */
  refused(refusal: Refusal, retry: () => void): number | undefined {
    switch (refusal.kind) {
      case "coordinator": {
        const code = isProblemCode(refusal.code) ? refusal.code : "protocol";
        const again = RETRIES[code] === "again";
        const inS = again ? (refusal.retryS ?? this.pause()) : undefined;
        this.link(code, retry, inS);
        return inS;
      }
      case "wrong-key":
      case "forged":
        this.link("wrong-key", retry, undefined, ({ wrongKey }) =>
          wrongKey("trust" in refusal ? refusal.trust : undefined, refusal.found),
        );
        return undefined;
      default:
        return refusal satisfies never;
    }
  }

  /** The frame may not show another site; the tab may. */
  departure(origin: string): void {
    this.turn("app");
    const problem = { title: "This leads to another site", text: [origin] };
    const act = (): void => location.assign(origin);
    const retry = { inS: undefined, act, label: "Continue" };
    this.show("departure", ({ problemPage }) => problemPage(problem, retry));
  }

  /** The network is back, or a person looks: do not sit out the pause. */
  hurry(): void {
    this.act?.();
  }

  private draw(
    code: ProblemCode,
    act: () => void,
    inS: number | undefined,
    more: More = () => ({}),
  ): void {
    const { hidden } = this;
    if (hidden) {
      hidden.problem(code, act);
      return;
    }
    this.show(code, (late) => {
      const problem = late.problemText(code, this.names);
      const added = more(late);
      const whole = { ...problem, ...added, text: [...problem.text, ...(added.text ?? [])] };
      const retry = RETRIES[code] === "never" ? undefined : { inS, act, label: whole.act };
      return late.problemPage(whole, retry);
    });
  }

  private show(code: string, parts: (late: Late) => object[]): void {
    const { turns, screen } = this;
    const draw = (act: () => void): void => {
      if (turns === this.turns) act();
    };
    const bare = (): void =>
      draw(() => screen.bare(code, this.names.host, `${UNEXPLAINED} (${code})`));
    const timer = setTimeout(bare, LATE_MS);
    loadLate().then((late) => {
      clearTimeout(timer);
      draw(() => screen.made("problem", parts(late) as HTMLElement[], code));
    }, bare);
  }

  private turn(cover: Cover): void {
    this.cover = cover;
    this.turns += 1;
    this.stop();
  }

  private pause(): number {
    const pause = PAUSES_S[Math.min(this.tries, PAUSES_S.length - 1)] ?? 30;
    this.tries += 1;
    return pause;
  }

  private stop(): void {
    clearTimeout(this.timer);
    this.act = undefined;
  }
}
