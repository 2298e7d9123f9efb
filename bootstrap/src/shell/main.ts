// What the page at the top of a tab does first: reads the address, looks at the browser, and starts.

import { keyOfHash, parseHost } from "./address";
import { listApps } from "./app-list";
import { missingFeature } from "./browser";
import { Pages } from "./pages";
import { Screen } from "./screen";
import { Shell } from "./shell";

async function boot(): Promise<void> {
  const { hostname } = location;
  const address = parseHost(hostname);
  const screen = new Screen();
  const names = { app: address?.app ?? "", alias: address?.alias ?? "", host: hostname };
  const pages = new Pages(screen, names);
  const reload = (): void => location.reload();
  document.title = hostname;
  if (!address) {
    pages.link("address-invalid", reload, undefined);
    return;
  }
  pages.progress("idle", false);
  if (address.app === undefined) {
    listApps(address, pages, screen);
    return;
  }
  const missing = await missingFeature();
  if (missing) {
    pages.link(missing, reload, undefined);
    return;
  }
  const linkKey = keyOfHash(location.hash);
  // The app never sees it, and it does not stay in the address bar.
  if (linkKey) history.replaceState(history.state, "", location.pathname + location.search);
  new Shell(names, linkKey, pages, screen).start();
}

void boot();
