// sendBeacon: sent by the shell, which outlives the page; the browser's own passes us by.

import type { ShellApi } from "../messages/frame-shell";
import { marked } from "../messages/marks";
import { linkedUrl } from "./own-url";

// Fetch §2.2.2
const SIMPLE = /^(text\/plain|application\/x-www-form-urlencoded|multipart\/form-data)\s*(;|$)/i;

export function wrapBeacon(shell: ShellApi): void {
  const { sendBeacon } = Navigator.prototype;
  Navigator.prototype.sendBeacon = function (...given: Parameters<typeof sendBeacon>): boolean {
    const [url, data] = given;
    const own = this === navigator && given.length ? linkedUrl(url) : undefined;
    if (!own) return sendBeacon.apply(this, given);
    const body = data ?? null;
    // Such a type would have to be asked for at another origin (Beacon §4.2).
    const odd = body instanceof Blob && body.type && !SIMPLE.test(body.type);
    const mode = odd ? "cors" : "no-cors";
    const init: RequestInit = { method: "POST", body, credentials: "include", mode };
    shell.fetch(marked(own.href, { keep: "1" }), init).catch(() => undefined);
    return true;
  };
}
