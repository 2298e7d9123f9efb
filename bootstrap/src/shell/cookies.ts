// The app's cookies as its pages see them: a copy of the Service Worker's jar on the pages' own
// thread, so that document.cookie is read and written at once. Of HttpOnly cookies it has no values.

import { type Changes, Jar, type Site, keyOf, print } from "../cookies/jar";
import { type Cookie, type Place, parseCookie } from "../cookies/parse";
import type { CookieListener, CookiesApi } from "../messages/page-cookies";
import type { CookieWrite, SwToPage } from "../messages/sw-page";

// Of a longer text only the beginning can be a cookie.
const TEXT_CHARS = 16_384;

type News = Extract<SwToPage, { kind: "cookies" | "welcome" }>;

export class Cookies implements CookiesApi {
  /** What the Service Worker has perhaps not put down. */
  writes: CookieWrite[] = [];
  private readonly jar = new Jar();
  private readonly listeners = new Set<CookieListener>();
  private readonly writtenAt = new Map<string, number>();
  private count = 0;

  /** wrote: called for each write, before anything else can be asked for. */
  constructor(
    private readonly site: Site,
    private readonly wrote: (write: CookieWrite) => void,
  ) {}

  read(place: Place): string {
    return text(print(this.matching(place)));
  }

  list(place: Place): Cookie[] {
    return this.matching(place).map(readable);
  }

  write(place: Place, text: string): boolean {
    const nowMs = Date.now();
    const cookie = parseCookie(octets(text.slice(0, TEXT_CHARS)), place, nowMs);
    const before = this.visible();
    const changes = cookie && this.jar.set(cookie, "script", this.site, nowMs);
    if (!changes) return false;
    this.count += 1;
    this.writtenAt.set(keyOf(cookie), this.count);
    const write = { count: this.count, cookie };
    this.writes.push(write);
    this.wrote(write);
    this.report(before);
    return true;
  }

  listen(listener: CookieListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Cookies from the Service Worker: some that are new, or with `welcome` all of them. */
  receive(news: News): void {
    const before = this.visible();
    const { changed, deleted } = news.kind === "cookies" ? news : this.difference(news.cookies);
    // A cookie that was written here later is on its way to the Service Worker, and will stand.
    const isOlder = (cookie: Cookie): boolean =>
      (this.writtenAt.get(keyOf(cookie)) ?? 0) <= news.wrote;
    for (const cookie of deleted.filter(isOlder)) this.jar.remove(cookie);
    for (const cookie of changed.filter(isOlder)) this.jar.put(cookie);
    for (const [key, count] of this.writtenAt) {
      if (count <= news.wrote) this.writtenAt.delete(key);
    }
    const saved = news.kind === "cookies" ? news.saved : 0;
    this.writes = this.writes.filter(({ count }) => count > saved);
    this.report(before);
  }

  private difference(cookies: Cookie[]): Changes {
    const keys = new Set(cookies.map(keyOf));
    const deleted = this.jar.all.filter((cookie) => !keys.has(keyOf(cookie)));
    return { changed: cookies, deleted };
  }

  private matching({ pathname }: Place): Cookie[] {
    return this.jar.matching(pathname, "script", this.site, Date.now());
  }

  private visible(): Cookie[] {
    if (!this.listeners.size) return [];
    return this.jar.all.filter(({ httpOnly }) => !httpOnly).map(readable);
  }

  private report(before: Cookie[]): void {
    const after = this.visible();
    for (const listener of this.listeners) listener(before, after);
  }
}

function readable(cookie: Cookie): Cookie {
  return { ...cookie, name: text(cookie.name), value: text(cookie.value) };
}

/** Text as octets of UTF-8, one a character. */
function octets(text: string): string {
  if (!/[^\0-\x7f]/.test(text)) return text;
  return Array.from(new TextEncoder().encode(text), (octet) => String.fromCharCode(octet)).join("");
}

function text(kept: string): string {
  if (!/[^\0-\x7f]/.test(kept)) return kept;
  const bytes = Uint8Array.from(kept, (octet) => octet.charCodeAt(0));
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}
