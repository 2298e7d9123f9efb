// What a visitor reads while a link is made. Pure.

import type { LinkState } from "./link-state";

export interface Progress {
  text: string;
  /** 0 … 3: how far along the path the dot has come. */
  step: number;
}

/** relay: no direct path was found yet, and a relay is at hand. */
export function progressOf(state: LinkState, alias: string, relay: boolean): Progress {
  switch (state) {
    case "idle":
    case "finding":
    case "waiting":
    case "refused":
      return { text: "Finding the box", step: 0 };
    case "asking":
      return { text: `Knocking at ${alias}`, step: 1 };
    case "connecting":
      return { text: relay ? "Connecting through a relay" : "Connecting directly", step: 2 };
    case "open":
      return { text: "Opening the app", step: 3 };
    default:
      return state satisfies never;
  }
}
