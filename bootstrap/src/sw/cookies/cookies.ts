// The app's cookies, as the rest of the Service Worker asks for them. The jar itself, `app-cookies`, is in the
// later part. Most first visits have nothing to send, and wait for it only to put down what a response sets.

import type { Site } from "../../cookies/jar";
import type { CookieWrite, PageToSw, SwToPage } from "../../messages/sw-page";
import type { Fields } from "../../wire/heads";
import type { AppCookies } from "./app-cookies";
import type { ShellPage } from "./readers";
import { type Kept, load } from "./store";

type Hello = Extract<PageToSw, { kind: "hello" }>;

/** kept: what was put down. session: the one that shells know, "" for none. */
export type OpenJar = (kept: Kept | undefined, session: string) => AppCookies;

export class Cookies {
  private here: AppCookies | undefined;
  private coming: Promise<AppCookies> | undefined;
  private session = "";
  private unmet: [hello: Hello, client: ShellPage][] = [];

  /** part: what opens the jar; rejects if that part cannot be had. kept: what was put down. */
  constructor(
    private readonly part: () => Promise<OpenJar>,
    private readonly kept = load(),
  ) {
    this.ready().catch(() => undefined);
  }

  /** Resolves once it is known what goes with requests. Rejects if that cannot be known; asked again, it tries again. */
  async ready(): Promise<void> {
    if (await this.kept) await this.jar();
  }

  /**
   * A shell reports what it knows. Resolves with what it is to know; undefined: that follows.
   * No request goes before.
   */
  async meet(hello: Hello, client: ShellPage): Promise<SwToPage | undefined> {
    if (!(await this.kept) && !this.here && !hello.writes.length) {
      this.session ||= crypto.randomUUID();
      this.jar().catch(() => undefined);
      return { kind: "welcome", session: this.session, cookies: [], wrote: 0 };
    }
    try {
      return await (await this.jar()).meet(hello);
    } catch {
      this.unmet.push([hello, client]);
      return undefined;
    }
  }

  /** How many writes of a shell's pages header() takes into account. */
  count(lock: string): number {
    return this.here?.count(lock) ?? 0;
  }

  /** The value of `Cookie` for a request, once they are ready; "": there is none. */
  header(url: string, site: Site): string {
    return this.here?.header(url, site) ?? "";
  }

  /** Take what the fields of a response set. Resolves once pages that may see the response know. */
  async receive(url: string, fields: Fields, site: Site, lock?: string): Promise<void> {
    if (!fields.some(([name]) => name === "set-cookie")) return;
    await (await this.jar()).receive(url, fields, site, lock);
  }

  /** A page wrote a cookie. Resolves once it is put down. */
  async write(lock: string, write: CookieWrite): Promise<void> {
    await (await this.jar()).write(lock, write);
  }

  /** Resolves once so many writes of a shell's pages have been read. */
  async after(lock: string, count: number): Promise<void> {
    if (this.count(lock) < count) await (await this.jar()).after(lock, count);
  }

  /** Forget all of them: `Clear-Site-Data: "cookies"`. */
  async clear(): Promise<void> {
    await (await this.jar()).clear();
  }

  private jar(): Promise<AppCookies> {
    this.coming ??= this.open().catch((error: unknown) => {
      this.coming = undefined;
      throw error;
    });
    return this.coming;
  }

  private async open(): Promise<AppCookies> {
    const kept = await this.kept;
    const openJar = await this.part();
    const jar = (this.here ??= openJar(kept, this.session));
    for (const [hello, client] of this.unmet.splice(0)) client.postMessage(await jar.meet(hello));
    return jar;
  }
}
