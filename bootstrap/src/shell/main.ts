// The shell, once the page has begun the link: what a person sees, and the app's frame.

import type { BoxAddress } from "../messages/late";
import type { Names, ProblemCode } from "../messages/problems";
import { SIBLING_PATH } from "../messages/sibling";
import type { Beginning } from "./beginning";
import { loadLate } from "./parts";
import { Pages } from "./pages";
import { Screen } from "./screen";
import { loadSibling } from "./parts";
import { Shell } from "./shell";
import { reloadTab } from "./top-steps";

// What lists the apps comes from where the page came from, and mostly as fast.
const DOUBT_MS = 6_000;

export interface Begun {
  address: (Omit<BoxAddress, "app"> & { app: string | undefined }) | undefined;
  /** Why the browser cannot open a link. */
  missing: ProblemCode | undefined;
  /** Under way, where this is the visit of an app. */
  first: Beginning | undefined;
  begin(linkKey: string | undefined): Beginning;
}

export interface ShellModule {
  open(begun: Begun): void;
}

export function open({ address, missing, first, begin }: Begun): void {
  const { hostname } = location;
  const screen = new Screen();
  const names: Names = { app: address?.app ?? "", alias: address?.alias ?? "", host: hostname };
  const pages = new Pages(screen, names);
  document.title = hostname;
  if (!address) {
    pages.link("address-invalid", reloadTab, undefined);
    return;
  }
  if (location.pathname === SIBLING_PATH) {
    void loadSibling().then(({ serveSiblings }) =>
      serveSiblings((hidden) => {
        new Shell(begin(undefined), new Pages(screen, names, hidden), screen, hidden).start();
      }),
    );
    return;
  }
  pages.progress("idle", false);
  if (address.app === undefined) {
    const doubt = setTimeout(() => pages.link("unreachable", reloadTab, undefined), DOUBT_MS);
    void loadLate().then((late) => {
      clearTimeout(doubt);
      late.listApps(address, {
        made: (kind, parts) => screen.made(kind, parts as HTMLElement[]),
        refused: (code, retryS, again) =>
          pages.refused({ kind: "coordinator", code, retryS }, again),
        problem: (code, again, inS) => pages.link(code, again, inS),
      });
    });
    return;
  }
  if (missing || !first) {
    pages.link(missing ?? "address-invalid", reloadTab, undefined);
    return;
  }
  new Shell(first, pages, screen).start();
}
