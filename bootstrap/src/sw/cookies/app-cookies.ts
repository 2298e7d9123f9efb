// The app's cookies in the Service Worker: in memory, and put down after each change.

import { type Api, type Changes, Jar, type Site, print } from "../../cookies/jar";
import { type Cookie, parseCookie } from "../../cookies/parse";
import type { Fields } from "../../wire/heads";
import { load, save } from "./store";

export class AppCookies {
  /** Nothing is asked of the box before. */
  readonly ready: Promise<void>;
  private readonly jar = new Jar();
  private saving: Promise<void> | undefined;
  private dirty = false;

  constructor() {
    this.ready = load().then((kept) => {
      for (const cookie of kept?.cookies ?? []) this.jar.put(cookie);
    });
  }

  /** The value of `Cookie` for a request; "": there is none. */
  header(url: string, site: Site): string {
    return print(this.jar.matching(new URL(url).pathname, "http", site, Date.now()));
  }

  /** Take what the fields of an answer set. Call it before a page sees the answer. */
  receive(url: string, fields: Fields, site: Site): void {
    for (const [name, value] of fields) {
      if (name !== "set-cookie") continue;
      const cookie = parseCookie(value, new URL(url), Date.now());
      if (cookie) this.take(cookie, "http", site);
    }
  }

  /** Forget all of them: `Clear-Site-Data: "cookies"`. */
  clear(): void {
    for (const cookie of this.jar.all) this.jar.remove(cookie);
    this.keep();
  }

  /** Resolves once everything up to now is put down. */
  get saved(): Promise<void> {
    return this.saving ?? Promise.resolve();
  }

  private take(cookie: Cookie, api: Api, site: Site): Changes | undefined {
    const changes = this.jar.set(cookie, api, site, Date.now());
    if (changes) this.keep();
    return changes;
  }

  // One write at a time, and one more for all that came meanwhile.
  private keep(): void {
    this.dirty = true;
    this.saving ??= this.write().finally(() => {
      this.saving = undefined;
    });
  }

  private async write(): Promise<void> {
    while (this.dirty) {
      this.dirty = false;
      await save({ cookies: this.jar.all });
    }
  }
}
