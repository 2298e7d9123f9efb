// The jar of the app's cookies: in memory, put down after each change, and sent to the shells, whose
// pages have a copy. What the rest of the Service Worker sees of it is `cookies`.

import { type Changes, Jar, type Site, print } from "../../cookies/jar";
import { type Cookie, parseCookie } from "../../cookies/parse";
import {
  type CookieWrite,
  type PageToSw,
  SESSION_PREFIX,
  type SwToPage,
} from "../../messages/sw-page";
import type { Fields } from "../../wire/heads";
import { type Readers, shown } from "./readers";
import { type Kept, save } from "./store";

// A write that was announced and does not come is one of a page that is gone.
const WRITE_MS = 1_000;
// How many tabs' counts are kept; the others are long closed.
const TABS = 32;

interface Waiting {
  lock: string;
  count: number;
  resolve: () => void;
}

export class AppCookies {
  private readonly jar = new Jar();
  /** By the name of a shell's lock: how many writes of its pages have been read. */
  private readonly wrote: Map<string, number>;
  private waiting: Waiting[] = [];
  private sure: boolean; // that the browser was not ended since the cookies were put down
  private saving: Promise<void> | undefined;
  private dirty = false;

  /** kept: what was put down. session: one that has begun, "" for none. */
  constructor(
    private readonly readers: Readers,
    kept: Kept | undefined,
    private session: string,
  ) {
    for (const cookie of kept?.cookies ?? []) this.jar.put(cookie);
    this.wrote = new Map(kept?.wrote);
    this.sure = session !== "";
    if (this.sure) this.keep();
    else this.session = kept?.session ?? "";
  }

  /** A shell reports what it knows. Resolves with what it is to know. No request goes before. */
  async meet({
    lock,
    session,
    writes,
    port,
  }: Extract<PageToSw, { kind: "hello" }>): Promise<SwToPage> {
    if (!this.sure) await this.ensure(session);
    for (const write of writes) this.put(lock, write);
    this.readers.whole(this.jar.all, [{ port }]);
    const cookies = this.jar.all.map(shown);
    return { kind: "welcome", session: this.session, cookies, wrote: this.count(lock) };
  }

  /** How many writes of a shell's pages header() takes into account. */
  count(lock: string): number {
    return this.wrote.get(lock) ?? 0;
  }

  /** The value of `Cookie` for a request; "": there is none. */
  header(url: string, site: Site): string {
    return print(this.jar.matching(new URL(url).pathname, "http", site, Date.now()));
  }

  /** Take what the fields of a response set. Resolves once pages that may see the response know. */
  async receive(url: string, fields: Fields, site: Site, lock?: string): Promise<void> {
    const all: Changes = { changed: [], deleted: [] };
    let seen = false;
    for (const [name, value] of fields) {
      if (name !== "set-cookie") continue;
      const cookie = parseCookie(value, new URL(url), Date.now());
      const before = cookie && this.jar.get(cookie);
      const changes = cookie && this.jar.set(cookie, "http", site, Date.now());
      if (!changes) continue;
      all.changed.push(...changes.changed);
      all.deleted.push(...changes.deleted);
      const hidden = cookie.httpOnly && (before?.httpOnly ?? true);
      seen ||= !hidden && !(changes.changed.length && before?.value === cookie.value);
    }
    if (!all.changed.length && !all.deleted.length) return;
    this.keep();
    const settled = this.jar.settled(all);
    await this.readers.send(
      settled,
      (shell) => this.count(shell),
      seen ? (lock ?? "*") : undefined,
    );
  }

  /** A page wrote a cookie. Resolves once it is put down. */
  async write(lock: string, write: CookieWrite): Promise<void> {
    this.put(lock, write);
    await this.saving;
  }

  /** Resolves once so many writes of a shell's pages have been read. */
  async after(lock: string, count: number): Promise<void> {
    if (this.count(lock) >= count) return;
    await new Promise<void>((resolve) => {
      this.waiting.push({ lock, count, resolve });
      setTimeout(resolve, WRITE_MS);
    });
  }

  /** Forget all of them: `Clear-Site-Data: "cookies"`. */
  async clear(): Promise<void> {
    const deleted = this.jar.all;
    for (const cookie of deleted) this.jar.remove(cookie);
    this.keep();
    await this.readers.send({ changed: [], deleted }, (shell) => this.count(shell), "*");
    await this.saving;
  }

  // Cookies of the browser's session end with it, and the Service Worker does not see it end. A
  // shell of the session that lives, or one whose tab or browser has kept the name, proves it.
  private async ensure(session: string): Promise<void> {
    // Some browsers have no locks within another site's page.
    const { held } = await navigator.locks.query().catch(() => ({ held: [] as LockInfo[] }));
    if (this.sure) return;
    this.sure = true;
    const lives = held?.some(({ name }) => name === SESSION_PREFIX + this.session);
    if (this.session && (lives || session === this.session)) return;
    this.session = crypto.randomUUID();
    for (const cookie of this.jar.all) {
      if (cookie.expiresMs === undefined) this.jar.remove(cookie);
    }
    this.keep();
  }

  private put(lock: string, { count, cookie }: CookieWrite): void {
    if (count <= this.count(lock)) return;
    this.wrote.delete(lock);
    this.wrote.set(lock, count);
    const changes = this.jar.set(cookie, "script", "same", Date.now()) ?? this.refused(cookie);
    this.keep();
    void this.readers.send(changes, (shell) => this.count(shell), undefined);
    for (const one of this.waiting) {
      if (one.lock === lock && one.count <= count) one.resolve();
    }
    this.waiting = this.waiting.filter((one) => one.lock !== lock || one.count > count);
  }

  // The shell's copy accepted what the jar does not: it gets what there is.
  private refused(cookie: Cookie): Changes {
    const kept = this.jar.get(cookie);
    return kept ? { changed: [kept], deleted: [] } : { changed: [], deleted: [cookie] };
  }

  // One write at a time, and one more for all that came meanwhile.
  private keep(): void {
    this.dirty = true;
    this.saving ??= this.putDown().finally(() => {
      this.saving = undefined;
    });
  }

  private async putDown(): Promise<void> {
    while (this.dirty) {
      this.dirty = false;
      const wrote = [...this.wrote].slice(-TABS);
      await save({ cookies: this.jar.all, session: this.session, wrote });
      this.readers.saved(wrote);
      this.readers.whole(this.jar.all);
    }
  }
}
