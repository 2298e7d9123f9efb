// Whether a URL is the app's, also by another name of it: what goes elsewhere is left to the browser.

import { renamed } from "../messages/own-origins";
import { isSibling } from "../messages/sibling";

const OURS = "/__p2claw/";

// A worker has no document.
const page = Reflect.get(self, "document") as { readonly baseURI: string } | undefined;
const base = (): string => page?.baseURI ?? location.href;

// A frame of srcdoc has an address without an origin, and its page's origin; one that is sandboxed
// the other way round.
const HOME = location.origin === "null" ? self.origin : location.origin;

let origins: ReadonlySet<string> = new Set();

/** The other names of the app, as our script tag brings them. Returns them as a list. */
export function learnOrigins(listed: string | undefined): string[] {
  const list = listed?.split(" ") ?? [];
  origins = new Set(list);
  return list;
}

/** The URL under the name that the app is visited by, where it names another. */
export function ownUrl(url: string | URL): URL | undefined {
  try {
    return renamed(new URL(url, base()), origins, HOME);
  } catch {
    return undefined;
  }
}

/** Where a WebSocket of the app is asked for; undefined where it leads elsewhere, or is malformed. */
export function appSocket(url: string): { url: string; request: string } | undefined {
  try {
    const named = new URL(url, base());
    const here = new URL(HOME);
    if (named.href.includes("#") || !/^(ws|http)s?:$/.test(named.protocol)) return undefined;
    const asked = new URL(named.href.replace(/^ws/, "http"));
    // Encrypted or not is what the visit is, whatever an app has written down.
    if (asked.host === here.host) asked.protocol = here.protocol;
    const own = linkedUrl(asked);
    return own && { url: named.href.replace(/^http/, "ws"), request: own.href };
  } catch {
    return undefined;
  }
}

/** The absolute URL, where it is the app's own and not one of our files. */
export function appUrl(url: string | URL): URL | undefined {
  try {
    const absolute = ownUrl(url) ?? new URL(url, base());
    const own = absolute.origin === HOME && !absolute.pathname.startsWith(OURS);
    return own ? absolute : undefined;
  } catch {
    return undefined;
  }
}

/** The absolute URL of what goes over a link: to the app itself, or to a sibling. */
export function linkedUrl(url: string | URL): URL | undefined {
  return appUrl(url) ?? siblingUrl(url);
}

function siblingUrl(url: string | URL): URL | undefined {
  try {
    const absolute = new URL(url, base());
    // In a worker out of a Blob only the origin shows which host it is.
    return isSibling(absolute, new URL(location.origin)) ? absolute : undefined;
  } catch {
    return undefined;
  }
}

/** Whether it is one of our files. */
export function isOurs(url: string): boolean {
  return url.startsWith(HOME + OURS);
}
