// A host that names a box alone: what the box shares, as links.

import type { AppListView, BoxAddress } from "../messages/late";
import { urlOfApp } from "../shell/address";
import { Signalling, visitUrl } from "../shell/signalling";
import { element } from "./problem-page";
import type { FromCoordinator } from "../shell/signalling-messages";

const UNREACHABLE_S = 5;
// A coordinator that is silent for so long is probably not reached.
const DOUBT_MS = 6_000;

export function listApps(address: BoxAddress, view: AppListView): void {
  const here = new URL(location.href);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const again = (): void => {
    signalling.close();
    clearTimeout(doubt);
    clearTimeout(timer);
    listApps(address, view);
  };
  let replied = false;
  const doubt = setTimeout(() => view.problem("unreachable", again, undefined), DOUBT_MS);
  const signalling = new Signalling(visitUrl(here, address.alias, undefined), {
    message: (message: FromCoordinator) => {
      replied = true;
      clearTimeout(doubt);
      signalling.close();
      if (message.t === "apps") {
        view.made("list", listOf(address, message, here));
      } else if (message.t === "error") {
        const inS = view.refused(message.code, message.retryS, again);
        if (inS !== undefined) timer = setTimeout(again, inS * 1_000);
      } else {
        view.problem("protocol", again, undefined);
      }
    },
    failed: () => {
      if (replied) return;
      clearTimeout(doubt);
      view.problem("unreachable", again, UNREACHABLE_S);
      timer = setTimeout(again, UNREACHABLE_S * 1_000);
    },
  });
  signalling.begin(undefined);
}

interface Shared {
  apps: readonly string[];
  down: readonly string[];
}

function listOf(address: BoxAddress, { apps, down }: Shared, here: URL): HTMLElement[] {
  const list = element("ul", "apps");
  for (const name of apps) {
    const link = element("a", "", name);
    link.setAttribute("href", urlOfApp(name, address, here));
    if (down.includes(name)) link.append(element("span", "", "not running"));
    const item = element("li", "");
    item.append(link);
    list.append(item);
  }
  const text = apps.length ? "Apps on this box" : "This box shares no apps just now.";
  return [element("h1", "", address.alias), element("p", "", text), list];
}
