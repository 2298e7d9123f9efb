// A Set-Cookie string, or what a script assigns to document.cookie, as a cookie. Pure.
// Source: draft-ietf-httpbis-rfc6265bis §5.6. Strings hold one octet a character.

import { cookieDate } from "./date";

export type SameSite = "strict" | "lax" | "none" | "";

export interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
  /** undefined: it ends with the browser's session. */
  readonly expiresMs: number | undefined;
  readonly createdMs: number;
  readonly secure: boolean;
  readonly httpOnly: boolean;
  /** "": it was not given. */
  readonly sameSite: SameSite;
  readonly partitioned: boolean;
}

/** Of a URL. */
export interface Place {
  readonly hostname: string;
  readonly pathname: string;
}

/** Browsers with this class know cookies without a name, but none with a tab; others make a name of it. */
export const isStrict = (): boolean => "WebSocketStream" in globalThis;

// Each longer attribute is ignored; a longer pair is no cookie.
const PAIR_OCTETS = 4_096;
const ATTRIBUTE_OCTETS = 1_024;
const LONGEST_MS = 400 * 86_400_000;

/** place: of the request or document. undefined: no cookie, or one that may not be had there. */
export function parseCookie(text: string, place: Place, nowMs: number): Cookie | undefined {
  if (/[\0-\x08\n-\x1f\x7f]/.test(text)) return undefined;
  const [pair = "", ...rest] = text.split(";");
  const strict = isStrict();
  const [name, value] = halves(strict && !pair.includes("=") ? `=${pair}` : pair);
  const octets = name.length + value.length;
  if (!octets || octets > PAIR_OCTETS || (!name && (!strict || value.includes("="))))
    return undefined;
  if (strict && (name + value).includes("\t")) return undefined;
  const attribute = attributes(rest);
  const domain = attribute.get("domain");
  // The host is a registrable domain of its own: its parents are public suffixes.
  if (domain && domain.replace(/^\./, "").toLowerCase() !== place.hostname) return undefined;
  const path = attribute.get("path");
  const sameSite = attribute.get("samesite")?.toLowerCase();
  const cookie = {
    name,
    value,
    path: path?.startsWith("/") ? path : defaultPath(place.pathname),
    expiresMs: expiry(attribute.get("max-age") ?? "", attribute.get("expires") ?? "", nowMs),
    createdMs: nowMs,
    secure: attribute.has("secure"),
    httpOnly: attribute.has("httponly"),
    sameSite: /^(strict|lax|none)$/.test(sameSite ?? "") ? (sameSite as SameSite) : "",
    partitioned: attribute.has("partitioned"),
  } satisfies Cookie;
  const bound = !domain && path === "/";
  return mayBe(cookie, bound) ? cookie : undefined;
}

/** RFC 6265 §5.1.4. */
export function defaultPath(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf("/"), 1));
}

// What a name promises must be so. bound: to this host and all of it, expressly.
function mayBe(cookie: Cookie, bound: boolean): boolean {
  const { secure, httpOnly } = cookie;
  if (!secure && (cookie.partitioned || cookie.sameSite === "none")) return false;
  const prefix = /^__(host-http|host|secure|http)-/i.exec(cookie.name || cookie.value)?.[1];
  if (prefix === undefined) return true;
  const kind = prefix.toLowerCase();
  if (!cookie.name || !secure) return false;
  return (bound || !kind.startsWith("host")) && (httpOnly || !kind.endsWith("http"));
}

// Of each name the last one counts.
function attributes(parts: string[]): Map<string, string> {
  const attribute = new Map<string, string>();
  for (const part of parts) {
    const [name, value] = halves(part);
    if (value.length > ATTRIBUTE_OCTETS) continue;
    attribute.set(name.toLowerCase(), value);
  }
  return attribute;
}

// Max-Age goes before Expires; what is no number or no date was not given.
function expiry(maxAge: string, date: string, now: number): Cookie["expiresMs"] {
  const until = /^-?\d+$/.test(maxAge) ? now + Number(maxAge) * 1_000 : cookieDate(date);
  return until === undefined ? undefined : Math.min(until, now + LONGEST_MS);
}

function halves(text: string): [before: string, behind: string] {
  const at = text.indexOf("=");
  return at < 0 ? [trim(text), ""] : [trim(text.slice(0, at)), trim(text.slice(at + 1))];
}

// Not by a pattern: one that looks for an end takes its time with long runs of blanks.
function trim(text: string): string {
  let [from, to] = [0, text.length];
  while (from < to && isBlank(text[from])) from += 1;
  while (from < to && isBlank(text[to - 1])) to -= 1;
  return text.slice(from, to);
}

function isBlank(character: string | undefined): boolean {
  return character === " " || character === "\t";
}
