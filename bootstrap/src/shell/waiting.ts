// How long each step of a link, and all of them together, may take before a page says what may be
// wrong and what to do. The step itself goes on, and may still succeed.

import type { LinkState } from "./link-state";

// A network with a round trip of 600 ms and a lost packet has done each of these by then. The
// coordinator reports a box that does not respond after 10 s, which is too late for whoever waits.
const DOUBT_MS: Partial<Record<LinkState, number>> = {
  finding: 6e3,
  asking: 7e3,
  connecting: 4_500,
  open: 8e3,
};
// Steps that each are just quick enough, and attempts that follow each other.
const ALL_MS = 9e3;

/**
 * What is to be called with each step as it begins. doubtful: something is probably wrong; all: with
 * the steps together.
 */
export function waiting(
  doubtful: (state: LinkState, all: boolean) => void,
): (state: LinkState) => void {
  type Timer = ReturnType<typeof setTimeout> | undefined;
  let timer: Timer;
  let whole: Timer;
  let now: LinkState;
  return (state) => {
    now = state;
    clearTimeout(timer);
    const doubtMs = DOUBT_MS[state];
    if (doubtMs) timer = setTimeout(doubtful, doubtMs, state, false);
    if (state === "open" || state === "refused") {
      clearTimeout(whole);
      whole = undefined;
    } else {
      whole ??= setTimeout(() => doubtful(now, true), ALL_MS);
    }
  };
}
