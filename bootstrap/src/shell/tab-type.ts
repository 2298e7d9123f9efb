// How the tab has come to what it shows. A shell that loads itself again is no reload of the app's.

import { reloadTab } from "./top-steps";

const KEY = "p2claw.came";

/** A NavigationTimingType, "" where the browser does not tell. */
export const tabType = taken() ?? native();

/** type: how the next shell's tab has come; undefined: as a link leads there. */
export function reloadAs(type = "navigate"): void {
  sessionStorage.setItem(KEY, type);
  reloadTab();
}

function native(): string {
  const [entry] = performance.getEntriesByType("navigation");
  return entry instanceof PerformanceNavigationTiming ? entry.type : "";
}

// At once taken away: the storage is the app's.
function taken(): string | undefined {
  try {
    const type = sessionStorage.getItem(KEY) ?? undefined;
    sessionStorage.removeItem(KEY);
    return type;
  } catch {
    return undefined; // no storage here
  }
}
