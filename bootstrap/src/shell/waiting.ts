// How long each step of a link may take before a page says what may be wrong and what to do. The step
// itself goes on, and may still succeed.

import type { LinkState } from "./link-state";

// A network with a round trip of 600 ms and a lost packet has done each of these by then. A box that
// does not respond is reported by the coordinator, after 10 s.
const DOUBT_MS: Partial<Record<LinkState, number>> = { finding: 6e3, connecting: 4_500 };

/** What is to be called with each step as it begins. doubtful: something is probably wrong. */
export function waiting(doubtful: (state: LinkState) => void): (state: LinkState) => void {
  let timer: ReturnType<typeof setTimeout>;
  return (state) => {
    clearTimeout(timer);
    const doubtMs = DOUBT_MS[state];
    if (doubtMs) timer = setTimeout(doubtful, doubtMs, state);
  };
}
