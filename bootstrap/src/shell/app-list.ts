// A host that names a box alone: what the box shares, as links.

import { type Address, urlOfApp } from "./address";
import type { Pages } from "./pages";
import type { Screen } from "./screen";
import { Signalling, visitUrl } from "./signalling";
import type { FromCoordinator } from "./signalling-messages";

const UNREACHABLE_S = 5;

export function listApps(address: Address, pages: Pages, screen: Screen): void {
  const here = new URL(location.href);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const again = (): void => {
    clearTimeout(timer);
    listApps(address, pages, screen);
  };
  let answered = false;
  const signalling = new Signalling(visitUrl(here, address.alias, undefined), {
    message: (message: FromCoordinator) => {
      answered = true;
      signalling.close();
      if (message.t === "apps") {
        const link = (name: string): { name: string; url: string } => ({
          name,
          url: urlOfApp(name, address, here),
        });
        screen.apps(address.alias, message.apps.map(link));
      } else if (message.t === "error") {
        const refusal = {
          kind: "coordinator",
          code: message.code,
          retryS: message.retryS,
        } as const;
        const inS = pages.refused(refusal, again);
        if (inS !== undefined) timer = setTimeout(again, inS * 1_000);
      } else {
        pages.link("protocol", again, undefined);
      }
    },
    failed: () => {
      if (answered) return;
      pages.link("unreachable", again, UNREACHABLE_S);
      timer = setTimeout(again, UNREACHABLE_S * 1_000);
    },
  });
}
