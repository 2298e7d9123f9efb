// Synchronous requests. Some browsers send those of a page past the Service Worker, to the edge, which
// must not see what is asked of the app.

import type { ShellApi } from "../messages/frame-shell";
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

/** Fails as the app expects it, and shows the person why. */
export function refuseSync(shell: ShellApi): never {
  const why =
    "This app asked for something synchronously (XMLHttpRequest), which this browser cannot send over the link.";
  console.error(`p2claw: ${why}`);
  shell.say(why);
  throw new DOMException(why, "NetworkError");
}
