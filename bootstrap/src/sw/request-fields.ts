// The fields of a request as the app would have seen them from a browser that dialled it directly.
// A Service Worker sees only some of them; the rest is put back here. Pure.

import { ERROR_FIELD } from "../messages/sw-page";

export interface RequestFacts {
  method: string;
  mode: string;
  destination: string;
  cache: string;
  referrer: string;
  /** A navigation that a page of the app leads to, though it may not say so. */
  inside: boolean;
  headers: Iterable<[string, string]>;
  /** What the page said of its fields beside them: their values are the true ones. */
  marked: Iterable<[string, string]>;
}

export interface BrowserFacts {
  origin: string;
  userAgent: string;
  languages: readonly string[];
}

// As browsers say it to whatever caches are on the way.
const CACHE_CONTROL: Record<string, string | undefined> = {
  reload: "no-cache",
  "no-store": "no-cache",
  "no-cache": "max-age=0",
};

// Fields of ours, and what a box refuses or sets itself.
const DROPPED = new Set([ERROR_FIELD, "host", "connection", "cookie"]);

// For the others a decoder would have to be loaded in some browsers.
const ENCODINGS = "gzip, identity";

export function requestFields(request: RequestFacts, browser: BrowserFacts): [string, string][] {
  const fields = new Map<string, string>();
  for (const [name, value] of request.headers) {
    const lower = name.toLowerCase();
    if (!DROPPED.has(lower)) fields.set(lower, value);
  }
  for (const [name, value] of request.marked) fields.set(name.toLowerCase(), value);
  const add = (name: string, value: string | undefined): void => {
    if (value && !fields.has(name)) fields.set(name, value);
  };
  // A part of a coded whole cannot be decoded.
  fields.set("accept-encoding", fields.has("range") ? "identity" : ENCODINGS);
  add("accept", "*/*");
  add("accept-language", languageField(browser.languages));
  add("user-agent", browser.userAgent);
  const referrer = /^https?:/.test(request.referrer) ? request.referrer : undefined;
  add("referer", referrer);
  const navigation = request.mode === "navigate";
  // Whatever else is asked comes from a page of this origin: no other is served here.
  const from = referrer ? new URL(referrer).origin : navigation ? "null" : browser.origin;
  // A second `origin` broke a check when measured: only where there is none.
  if (request.method !== "GET" && request.method !== "HEAD") add("origin", from);
  const { cache } = request;
  add("cache-control", CACHE_CONTROL[cache]);
  if (CACHE_CONTROL[cache] === "no-cache") add("pragma", "no-cache");
  add("sec-fetch-mode", request.mode);
  add("sec-fetch-dest", navigation ? "document" : request.destination || "empty");
  if (navigation) {
    // A page without a referrer may be one that was typed, or another site's that hides itself: what
    // cannot be known is said in the way that grants least.
    const site = fields.get("origin") ?? (referrer ? from : undefined);
    const same = site === undefined ? request.inside : site === browser.origin;
    add("sec-fetch-site", same ? "same-origin" : "cross-site");
    add("upgrade-insecure-requests", "1");
  } else {
    add("sec-fetch-site", "same-origin");
  }
  return [...fields].filter(([, value]) => /^[\x01-\x09\x0b\x0c\x0e-\xff]*$/.test(value));
}

// RFC 9110 §12.5.4; the weights that browsers use.
function languageField(languages: readonly string[]): string {
  return languages
    .slice(0, 6)
    .map((language, i) => (i === 0 ? language : `${language};q=${(1 - i / 10).toFixed(1)}`))
    .join(",");
}
