// Which of the shell's own pages covers the app, and when such a page tries again by itself.

import type { Refusal } from "./attempt";
import type { LinkState } from "./link-state";
import { type Names, type Problem, type ProblemCode, isProblemCode, problemOf } from "./problems";
import { progressOf } from "./progress";
import type { Screen } from "./screen";

/** none: the app is in view. link, app: a problem of the link, or of what the frame asked for. */
export type Cover = "none" | "progress" | "link" | "app";

// Seconds between tries, the last one for ever.
const PAUSES_S = [2, 3, 5, 8, 13, 20, 30];

export class Pages {
  cover: Cover = "progress";
  private tries = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private act: (() => void) | undefined;

  constructor(
    private readonly screen: Screen,
    private readonly names: Names,
  ) {}

  progress(state: LinkState, relay: boolean): void {
    this.cover = "progress";
    this.stop();
    this.screen.progress(progressOf(state, this.names.alias, relay), this.names.host);
  }

  /** The app is in view, and all is well. */
  clear(): void {
    this.cover = "none";
    this.tries = 0;
    this.stop();
    this.screen.hide();
  }

  /** afterS: when `retry` is called unasked; absent: by the page's own pauses. */
  problem(
    cover: "link" | "app",
    code: ProblemCode,
    retry: () => void,
    more: { afterS?: number | undefined; facts?: Problem["facts"]; text?: string } = {},
  ): void {
    this.stop();
    this.cover = cover;
    const problem = problemOf(code, this.names);
    if (more.facts) problem.facts = more.facts;
    if (more.text) problem.text.push(more.text);
    const again = (): void => {
      this.stop();
      retry();
    };
    const inS = problem.retry === "again" ? (more.afterS ?? this.pause()) : undefined;
    if (inS !== undefined) {
      this.act = again;
      this.timer = setTimeout(again, inS * 1_000);
    }
    const plan = problem.retry === "never" ? undefined : { inS, act: again };
    this.screen.problem(code, problem, plan);
  }

  refused(refusal: Refusal, retry: () => void): void {
    switch (refusal.kind) {
      case "coordinator": {
        const code = isProblemCode(refusal.code) ? refusal.code : "protocol";
        this.problem("link", code, retry, { afterS: refusal.retryS });
        return;
      }
      case "wrong-key": {
        const expected = { alias: "A key whose hash is", link: "The link names", "first-visit": "At the first visit" };
        this.problem("link", "wrong-key", retry, {
          facts: [
            [expected[refusal.trust.because], refusal.trust.expected],
            ["The box that answered", refusal.found],
          ],
          ...(refusal.trust.because === "first-visit" && {
            text: "If the key was changed on purpose, ask for a link that names the new one (…/#k=…): it opens the app.",
          }),
        });
        return;
      }
      case "forged":
        this.problem("link", "wrong-key", retry, {
          facts: [
            ["Expected", refusal.found],
            ["The box that answered", "did not sign with this key"],
          ],
        });
        return;
      default:
        refusal satisfies never;
    }
  }

  /** The frame may not show another site; the tab may. */
  departure(origin: string): void {
    this.stop();
    this.cover = "app";
    const problem: Problem = { title: "This leads to another site", text: [origin], retry: "never" };
    const act = (): void => location.assign(origin);
    this.screen.problem("departure", problem, { inS: undefined, act, label: "Continue" });
  }

  /** The network is back, or a person looks: do not sit out the pause. */
  hurry(): void {
    this.act?.();
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
