// How the tab has come to what it shows. A shell that loads itself again is no reload of the app's.

import { reloadTab } from "./top-steps";

const KEY = "p2claw.came";

/** A NavigationTimingType, "" if the browser does not show it. */
export const tabType = noted() ?? native();

/** type: how the next shell's tab has come; undefined: as a link leads there. */
export function reloadAs(type = "navigate"): void {
  sessionStorage.setItem(KEY, type);
  reloadTab();
}

function native(): string {
  const [entry] = performance.getEntriesByType("navigation");
  return entry instanceof PerformanceNavigationTiming ? entry.type : "";
}

// Removed at once: the storage is the app's.
function noted(): string | undefined {
  try {
    const type = sessionStorage.getItem(KEY) ?? undefined;
    sessionStorage.removeItem(KEY);
    return type;
  } catch {
    return undefined; // no storage here
  }
}
