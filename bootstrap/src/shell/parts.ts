// What few visits need: each part is loaded into this window when something asks for it.

import type { ClosingModule } from "../messages/closing";
import type { GuestModule } from "../messages/guest-page";
import type { Late } from "../messages/late";
import type { SiblingModule } from "../messages/sibling";

/** Pages for people, the look of the tab, and more; the app's pages use it too. */
export function loadLate(): Promise<Late> {
  const url: string = __LATE_URL__;
  return import(url).then(({ late }: { late: Late }) => late);
}

/** For an app that asks another one under the same parent, or is asked. */
export function loadSibling(): Promise<SiblingModule> {
  const url: string = __SIBLING_URL__;
  return import(url) as Promise<SiblingModule>;
}

/** For an app that has service workers of its own. */
export function loadGuests(): Promise<GuestModule> {
  const url: string = __GUEST_URL__;
  return import(url) as Promise<GuestModule>;
}

/** For the moment at which the tab is closed. */
export function loadClosing(): Promise<ClosingModule> {
  const url: string = __CLOSING_URL__;
  return import(url) as Promise<ClosingModule>;
}
