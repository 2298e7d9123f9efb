// A host that names a box alone: what the box shares, as links.

import { type Address, urlOfApp } from "./address";
import type { Pages } from "./pages";
import type { Screen } from "./screen";
import { Signalling, visitUrl } from "./signalling";
import type { FromCoordinator } from "./signalling-messages";

export function listApps(address: Address, pages: Pages, screen: Screen): void {
  const here = new URL(location.href);
  const again = (): void => listApps(address, pages, screen);
  let answered = false;
  const signalling = new Signalling(visitUrl(here, address.alias, undefined), {
    message: (message: FromCoordinator) => {
      answered = true;
      signalling.close();
      if (message.t === "apps") {
        const link = (name: string): { name: string; url: string } => ({ name, url: urlOfApp(name, address, here) });
        screen.apps(address.alias, message.apps.map(link));
      } else if (message.t === "error") {
        pages.refused({ kind: "coordinator", code: message.code, retryS: message.retryS }, again);
      } else {
        pages.problem("link", "protocol", again);
      }
    },
    failed: () => {
      if (!answered) pages.problem("link", "unreachable", again);
    },
  });
}
