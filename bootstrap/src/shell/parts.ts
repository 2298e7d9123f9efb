// What few visits need: each part is loaded into this window when something asks for it.

import type { ClosingModule } from "../messages/closing";
import type { GuestModule } from "../messages/guest-page";
import type { Late } from "../messages/late";
import { loadPart } from "../messages/part";
import type { SiblingModule } from "../messages/sibling";

let here: Late | undefined;

/** Pages for people, the look of the tab, and more; the app's pages use it too. */
export function loadLate(): Promise<Late> {
  return loadPart<{ late: Late }>(__LATE_URL__).then(({ late }) => (here = late));
}

/** The same, where it is here. */
export function lateHere(): Late | undefined {
  return here;
}

/** For an app that asks another one under the same parent, or is asked. */
export function loadSibling(): Promise<SiblingModule> {
  return loadPart<SiblingModule>(__SIBLING_URL__);
}

/** For an app that has service workers of its own. */
export function loadGuests(): Promise<GuestModule> {
  return loadPart<GuestModule>(__GUEST_URL__);
}

/** For the moment at which the tab is closed. */
export function loadClosing(): Promise<ClosingModule> {
  return loadPart<ClosingModule>(__CLOSING_URL__);
}
