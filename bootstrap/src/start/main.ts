// What is in the page at the top of a tab itself: it begins the link, and then asks for the rest of the
// shell. So no other file is asked for before the box is.

import { SHELL_PROPERTY, type ShellApi } from "../messages/frame-shell";
import { SIBLING_PATH } from "../messages/sibling";
import { keyOfHash, parseHost } from "../shell/address";
import { Beginning } from "../shell/beginning";
import { missingFeature } from "../shell/browser";
import type { ShellModule } from "../shell/main";
import { SW_OPTIONS, SW_SCRIPT } from "../shell/registration";
import { visitUrl } from "../shell/signalling";

async function boot(): Promise<void> {
  if (isWithin()) return;
  const address = parseHost(location.hostname);
  const { app, alias = "" } = address ?? {};
  const missing = missingFeature();
  const begin = (linkKey: string | undefined): Beginning => {
    const target = { signallingUrl: visitUrl(new URL(location.href), alias, app), alias, linkKey };
    return new Beginning(target, app ?? "");
  };
  let first: Beginning | undefined;
  if (app !== undefined && location.pathname !== SIBLING_PATH && !missing) {
    const linkKey = keyOfHash(location.hash);
    // The app never sees it, and it does not stay in the address bar.
    if (linkKey) history.replaceState(history.state, "", location.pathname + location.search);
    first = begin(linkKey);
    // The connection that brought the page is for the offer; where none is made, for the shell.
    await first.start();
  }
  const url: string = __SHELL_URL__;
  const loading = import(url) as Promise<ShellModule>;
  // Nobody waits for it but the shell, which asks again.
  if (first && !navigator.serviceWorker.controller)
    navigator.serviceWorker.register(SW_SCRIPT, SW_OPTIONS).catch(() => undefined);
  const { open } = await loading;
  open({ address, missing, first, begin });
}

// Whether a frame of the app got this page: then it is no visit of its own, and needs no link.
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
