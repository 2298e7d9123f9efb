// What few visits need: into this window when something asks for it, and from there to the app's pages.

import type { Late } from "../messages/late";

export function loadLate(): Promise<Late> {
  const url: string = __LATE_URL__;
  return import(url).then(({ late }: { late: Late }) => late);
}
