// Synchronous requests. Some browsers send those of a page past the Service Worker, to the edge, which
// must not see what is asked of the app.

import type { ShellApi } from "../messages/frame-shell";
import type { SyncOpened } from "../messages/sync-request";
import { OCTETS } from "../messages/sw-page";

const Native = window.XMLHttpRequest;
const { open, send } = Native.prototype;
let intercepted: boolean | undefined;

/** Whether they come to the Service Worker here. Found out with a path that names nothing. */
export function isSyncIntercepted(): boolean {
  if (intercepted !== undefined) return intercepted;
  const probe = new Native();
  open.call(probe, "GET", OCTETS, false);
  try {
    send.call(probe, null);
  } catch {
    // Offline: not intercepted either.
  }
  intercepted = probe.getResponseHeader("octet") !== null;
  return intercepted;
}

/** The shell asks instead. Where it cannot, this fails as the app expects it. */
export function sendSync(shell: ShellApi, xhr: XMLHttpRequest, opened: SyncOpened): void {
  if (shell.lateHere()?.sendSync(xhr, opened, window)) return;
  void shell.late().then((late) => late.syncFailed(window, shell, opened));
  throw new DOMException("Failed to execute 'send' on 'XMLHttpRequest'", "NetworkError");
}
