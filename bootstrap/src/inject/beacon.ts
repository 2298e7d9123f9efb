// sendBeacon: sent by the shell, which outlives the page; the browser's own passes us by.

import type { ShellApi } from "../messages/frame-shell";
import { appUrl } from "./own-url";

export function wrapBeacon(shell: ShellApi): void {
  const native = navigator.sendBeacon.bind(navigator);
  Navigator.prototype.sendBeacon = (url: string | URL, data?: BodyInit | null): boolean => {
    const own = appUrl(url);
    if (!own) return native(url, data);
    shell.beacon(own.href, { method: "POST", body: data ?? null, credentials: "include" });
    return true;
  };
}
