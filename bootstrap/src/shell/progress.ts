// What a visitor reads while a link is made. Pure.

import type { LinkState } from "./link-state";

export interface Progress {
  text: string;
  /** 0 … 3: how far along the path the dot has come. */
  step: number;
}

/** slow: no direct path was found yet, and a relay is at hand; or no page of the app has come. */
export function progressOf(state: LinkState, alias: string, slow: boolean): Progress {
  switch (state) {
    case "idle":
    case "finding":
    case "waiting":
    case "refused":
      return { text: "Finding the box", step: 0 };
    case "asking":
      return { text: `Knocking at ${alias}`, step: 1 };
    case "connecting":
      return { text: slow ? "Connecting through a relay" : "Connecting directly", step: 2 };
    case "open":
      return { text: slow ? "The app is slow. Wait, or reload" : "Opening the app", step: 3 };
    default:
      return state satisfies never;
  }
}
