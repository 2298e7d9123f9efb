// The cookies of one host: which are kept, and which go where. Pure.
// Source: draft-ietf-httpbis-rfc6265bis §5.7, §5.8. Strings hold one octet a character.

import { type Cookie, isStrict } from "./parse";

/**
 * From where something is asked or set. same: by this site itself. visit: a page at the top that
 * another site leads to. post: the same by a form that is sent. cross: anything else.
 */
export type Site = "same" | "visit" | "post" | "cross";

/** Who asks: a request, or a script, which does not see everything. */
export type Api = "http" | "script";

/** What became of cookies: by set() the one that was set, and those for which there was no room. */
export interface Changes {
  readonly changed: Cookie[];
  readonly deleted: Cookie[];
}

// At least 50 of a host are to be kept; browsers keep so many.
const MOST = 180;
// Browsers send a cookie without SameSite with a form of another site as long: sign-on needs it.
const FRESH_MS = 120_000;

export class Jar {
  // In the order of creation.
  private readonly kept = new Map<string, Cookie>();
  private readonly usedMs = new Map<string, number>();

  get all(): Cookie[] {
    return [...this.kept.values()];
  }

  /** undefined: it is not accepted. */
  set(cookie: Cookie, api: Api, site: Site, nowMs: number): Changes | undefined {
    if (site === "cross" && cookie.sameSite !== "none") return undefined;
    const before = this.kept.get(keyOf(cookie));
    if (api === "script" && (cookie.httpOnly || before?.httpOnly)) return undefined;
    const changes: Changes = { changed: [], deleted: [] };
    if (isOver(cookie, nowMs)) {
      if (before) changes.deleted.push(before);
    } else {
      changes.changed.push(this.put(cookie));
      this.makeRoom(changes.deleted, nowMs);
    }
    for (const gone of changes.deleted) this.remove(gone);
    return changes;
  }

  get(cookie: Cookie): Cookie | undefined {
    return this.kept.get(keyOf(cookie));
  }

  put(cookie: Cookie): Cookie {
    const key = keyOf(cookie);
    const before = this.kept.get(key);
    // With another value some browsers put it behind the others.
    const moves = isStrict() && before?.value !== cookie.value;
    if (moves) this.kept.delete(key);
    const placed = before && !moves ? { ...cookie, createdMs: before.createdMs } : cookie;
    this.kept.set(key, placed);
    this.usedMs.set(key, cookie.createdMs);
    return placed;
  }

  remove(cookie: Cookie): void {
    this.kept.delete(keyOf(cookie));
    this.usedMs.delete(keyOf(cookie));
  }

  /** What has come of them in the end, each once and in the order of the jar. */
  settled({ changed, deleted }: Changes): Changes {
    const keys = new Set(changed.map(keyOf));
    return {
      changed: this.all.filter((cookie) => keys.has(keyOf(cookie))),
      deleted: deleted.filter((cookie) => !this.get(cookie)),
    };
  }

  /** Longer paths first, then older cookies. */
  matching(path: string, api: Api, site: Site, nowMs: number): Cookie[] {
    const found = this.all.filter(
      (cookie) =>
        !(api === "script" && cookie.httpOnly) &&
        !isOver(cookie, nowMs) &&
        pathMatches(path, cookie.path) &&
        goesTo(cookie, site, nowMs),
    );
    for (const cookie of found) this.usedMs.set(keyOf(cookie), nowMs);
    return found.sort((a, b) => b.path.length - a.path.length);
  }

  // First what is not secure, and of that what was not used for the longest time.
  private makeRoom(gone: Cookie[], nowMs: number): void {
    if (this.kept.size <= MOST) return;
    const rank = (cookie: Cookie): number =>
      (isOver(cookie, nowMs) ? -2e15 : cookie.secure ? 0 : -1e15) +
      (this.usedMs.get(keyOf(cookie)) ?? 0);
    const order = this.all.sort((a, b) => rank(a) - rank(b));
    gone.push(...order.slice(0, this.kept.size - MOST));
  }
}

/** As `Cookie` and `document.cookie` show them. */
export function print(cookies: readonly Cookie[]): string {
  return cookies.map(({ name, value }) => (name ? `${name}=${value}` : value)).join("; ");
}

/** Two cookies of one key cannot be kept side by side. */
export function keyOf({ name, path, partitioned }: Cookie): string {
  return `${name};${path};${partitioned}`;
}

export function isOver(cookie: Cookie, nowMs: number): boolean {
  return cookie.expiresMs !== undefined && cookie.expiresMs <= nowMs;
}

function pathMatches(path: string, of: string): boolean {
  return path === of || path.startsWith(of.endsWith("/") ? of : `${of}/`);
}

function goesTo(cookie: Cookie, site: Site, nowMs: number): boolean {
  switch (site) {
    case "same":
      return true;
    case "visit":
      return cookie.sameSite !== "strict";
    case "post":
      return (
        cookie.sameSite === "none" ||
        (cookie.sameSite === "" && nowMs - cookie.createdMs < FRESH_MS)
      );
    case "cross":
      return cookie.sameSite === "none";
    default:
      return site satisfies never;
  }
}
