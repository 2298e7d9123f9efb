// What the calls of a page's cookieStore do. It runs in the shell's window: what a page gets is made by
// classes of its own.

import { type Changes, keyOf } from "../cookies/jar";
import type { Cookie } from "../cookies/parse";
import type { CookiesApi } from "../messages/page-cookies";
import type { CookieStoreActs } from "../messages/late";

type Options = Record<string, unknown>;
type Page = Window & typeof globalThis;

export function cookieStoreFor(
  page: Page,
  store: EventTarget,
  cookies: CookiesApi,
): CookieStoreActs {
  return new Acts(page, store, cookies);
}

class Acts implements CookieStoreActs {
  constructor(
    private readonly page: Page,
    private readonly store: EventTarget,
    private readonly cookies: CookiesApi,
  ) {}

  act(name: string, given: unknown[]): ReturnType<CookieStoreActs["act"]> {
    switch (name) {
      case "get": {
        const all = this.found(given, true);
        return all ? { done: [all[0] ?? null] } : {};
      }
      case "getAll": {
        const all = this.found(given, false);
        return all ? { done: [all] } : {};
      }
      case "set":
        return this.write(wanted(given)) ? { done: [undefined] } : { asked: this.refused(given) };
      default: {
        const [first] = given;
        const named = typeof first === "object" && first !== null ? first : { name: first };
        return this.write({ ...named, value: "", expires: 0 }) ? { done: [undefined] } : {};
      }
    }
  }

  changed(before: Cookie[], after: Cookie[]): void {
    const { changed, deleted } = difference(before, after);
    if (!changed.length && !deleted.length) return;
    const { location } = this.page;
    const here = new Set(this.cookies.list(location).map(({ name, path }) => `${name};${path}`));
    const isHere = ({ name, path }: Cookie): boolean => here.has(`${name};${path}`);
    const seenFrom = ({ path }: Cookie): boolean =>
      `${location.pathname}/`.startsWith(path.endsWith("/") ? path : `${path}/`);
    const event = this.changeEvent({
      changed: this.items(changed.filter(isHere)),
      deleted: deleted.filter(seenFrom).map(({ name }) => ({ name })),
    });
    if (event) queueMicrotask(() => this.store.dispatchEvent(event));
  }

  // For the browser's errors alone. Were it kept, it would be the edge's: so it has ended before it begins.
  private refused(given: unknown[]): unknown[] {
    const { name, value } = wanted(given);
    const hidden = this.page.String(value).replace(/[^;\0-\x1f\x7f]/g, "x");
    const options: Options = given.length > 1 ? { name } : (Object(given[0]) as Options);
    return [{ ...options, value: hidden, ...ended(options) }];
  }

  private found([first]: unknown[], needed: boolean): object[] | undefined {
    const { location, document, String, URL } = this.page;
    const options: Options =
      typeof first === "object" && first !== null ? (first as Options) : { name: first };
    const { name, url } = options;
    if (needed && name === undefined && url === undefined) return undefined;
    const here = location.href.split("#", 1)[0];
    if (
      url !== undefined &&
      new URL(String(url), document.baseURI).href.split("#", 1)[0] !== here
    ) {
      return undefined;
    }
    const all = this.cookies.list(location);
    return this.items(all.filter((cookie) => name === undefined || cookie.name === String(name)));
  }

  // As a string, so that one parser decides. What would end a part early is refused.
  private write(options: Options): boolean {
    const { String, Number, Date } = this.page;
    const { expires, domain, partitioned, path = "/", sameSite = "strict" } = options;
    const [name, value] = [String(options["name"]), String(options["value"])];
    const parts = [`${name}=${value}`, `Path=${String(path)}`, "Secure"];
    parts.push(`SameSite=${String(sameSite)}`);
    if (typeof domain === "string") parts.push(`Domain=${domain}`);
    if (expires !== undefined && expires !== null) {
      parts.push(`Expires=${new Date(Number(expires)).toUTCString()}`);
    }
    if (partitioned) parts.push("Partitioned");
    const broken =
      name.includes("=") ||
      !String(path).startsWith("/") ||
      parts.some((part) => part.includes(";"));
    return !broken && this.cookies.write(this.page.location, parts.join("; "));
  }

  /** With those members that this browser has. */
  private items(cookies: Cookie[]): object[] {
    const changed = cookies.map(({ expiresMs = null, sameSite, ...cookie }) => ({
      ...cookie,
      domain: null,
      expires: expiresMs,
      sameSite: sameSite || "lax",
    }));
    const event = this.changeEvent({ changed });
    return this.page.Array.from(event ? (Reflect.get(event, "changed") as object[]) : changed);
  }

  private changeEvent(init: object): Event | undefined {
    const Change: unknown = Reflect.get(this.page, "CookieChangeEvent");
    return typeof Change === "function"
      ? (Reflect.construct(Change, ["change", init]) as Event)
      : undefined;
  }
}

// Only what is otherwise than before.
function difference(before: Cookie[], after: Cookie[]): Changes {
  const face = (cookie: Cookie): string => JSON.stringify({ ...cookie, createdMs: 0 });
  const [old, now] = [new Set(before.map(face)), new Set(after.map(face))];
  const kept = new Set(after.map(keyOf));
  return {
    changed: after.filter((cookie) => !old.has(face(cookie))),
    deleted: before.filter((cookie) => !now.has(face(cookie)) && !kept.has(keyOf(cookie))),
  };
}

function wanted([first, second]: unknown[]): Options {
  return typeof first === "object" && first !== null
    ? (first as Options)
    : { name: first, value: second };
}

// A time that the browser would refuse stays.
function ended({ expires }: Options): Options {
  return expires == null || Number.isFinite(Number(expires)) ? { expires: 1 } : {};
}
