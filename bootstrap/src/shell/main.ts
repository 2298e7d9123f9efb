// What the page at the top of a tab does first: reads the address, looks at the browser, and starts.

import { SHELL_PROPERTY, type ShellApi } from "../messages/frame-shell";
import { SIBLING_PATH } from "../messages/sibling";
import { keyOfHash, parseHost } from "./address";
import { missingFeature } from "./browser";
import { loadLate } from "./late";
import { Pages } from "./pages";
import { Screen } from "./screen";
import { loadSibling } from "./sibling";
import { Shell } from "./shell";
import { reloadTab } from "./top-steps";

async function boot(): Promise<void> {
  if (isWithin()) return;
  const { hostname } = location;
  const address = parseHost(hostname);
  const screen = new Screen();
  const names = { app: address?.app ?? "", alias: address?.alias ?? "", host: hostname };
  const pages = new Pages(screen, names);
  document.title = hostname;
  if (!address) {
    pages.link("address-invalid", reloadTab, undefined);
    return;
  }
  if (location.pathname === SIBLING_PATH) {
    (await loadSibling()).serveSiblings((hidden) => {
      new Shell(names, undefined, new Pages(screen, names, hidden), screen, hidden).start();
    });
    return;
  }
  pages.progress("idle", false);
  if (address.app === undefined) {
    (await loadLate()).listApps(address, {
      made: (kind, parts) => screen.made(kind, parts as HTMLElement[]),
      refused: (code, retryS, again) => pages.refused({ kind: "coordinator", code, retryS }, again),
      problem: (code, again, inS) => pages.link(code, again, inS),
    });
    return;
  }
  const missing = missingFeature();
  if (missing) {
    pages.link(missing, reloadTab, undefined);
    return;
  }
  const linkKey = keyOfHash(location.hash);
  // The app never sees it, and it does not stay in the address bar.
  if (linkKey) history.replaceState(history.state, "", location.pathname + location.search);
  new Shell(names, linkKey, pages, screen).start();
}

// A frame of the app got this page: it is no visit of its own, and takes no link.
function isWithin(): boolean {
  if (window.parent === window) return false;
  // Its origin is opaque. The page around it puts the app's page in (inject/frames).
  if (window.origin === "null") {
    window.parent.postMessage({ p2clawAsks: location.href }, "*");
    return true;
  }
  const shell = shellOf(window.parent);
  void shell?.nested(location.href).then((again) => again && location.reload());
  return shell !== undefined;
}

function shellOf(above: Window): ShellApi | undefined {
  try {
    return Reflect.get(above, SHELL_PROPERTY) as ShellApi | undefined;
  } catch {
    return undefined; // of another origin
  }
}

void boot();
