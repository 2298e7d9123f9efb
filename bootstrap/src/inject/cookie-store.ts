// cookieStore on the shell's copy of the app's cookies, where the browser has one.

import type { Cookie } from "../cookies/parse";
import type { CookiesApi } from "../messages/frame-shell";
import { inPlaceOf } from "./native-look";

type Options = Record<string, unknown>;
type Native = (...given: unknown[]) => Promise<unknown>;

export function wrapCookieStore(cookies: CookiesApi): void {
  const store: unknown = Reflect.get(window, "cookieStore");
  if (!(store instanceof EventTarget)) return;
  const prototype: unknown = Object.getPrototypeOf(store);
  if (typeof prototype !== "object" || prototype === null) return;
  const native = (name: string): Native => Reflect.get(prototype, name) as Native;
  // act: a list of what comes of it; undefined where the browser is to raise its own error.
  const wrap = (name: string, act: (given: unknown[]) => [unknown] | undefined): void => {
    const before = native(name);
    const looks = inPlaceOf(before, async (self, given) => {
      const done = self === store ? act(given) : undefined;
      if (done) return done[0];
      const { name: set, value } = wanted(given);
      if (name !== "set" || self !== store) return Reflect.apply(before, self, given) as unknown;
      // For its errors alone. Were it kept, it would be the edge's: so it has ended before it begins.
      const hidden = String(value).replace(/[^;\0-\x1f\x7f]/g, "x");
      const options = given.length > 1 ? { name: set } : Object(given[0]);
      return Reflect.apply(before, self, [
        { ...options, value: hidden, ...ended(options) },
      ]) as unknown;
    });
    Reflect.set(prototype, name, looks);
  };
  wrap("get", (given) => {
    const all = found(cookies, given, true);
    return all && [all[0] ?? null];
  });
  wrap("getAll", (given) => {
    const all = found(cookies, given, false);
    return all && [all];
  });
  wrap("set", (given) => (write(cookies, wanted(given)) ? [undefined] : undefined));
  wrap("delete", ([first]) => {
    const named = typeof first === "object" && first !== null ? first : { name: first };
    return write(cookies, { ...named, value: "", expires: 0 }) ? [undefined] : undefined;
  });
  followChanges(cookies, store);
}

// A time that the browser would refuse stays.
function ended({ expires }: Options): Options {
  return expires == null || Number.isFinite(Number(expires)) ? { expires: 1 } : {};
}

function found(cookies: CookiesApi, [first]: unknown[], needed: boolean): object[] | undefined {
  const options: Options =
    typeof first === "object" && first !== null ? (first as Options) : { name: first };
  const { name, url } = options;
  if (needed && name === undefined && url === undefined) return undefined;
  const here = location.href.split("#", 1)[0];
  if (url !== undefined && new URL(String(url), document.baseURI).href.split("#", 1)[0] !== here) {
    return undefined;
  }
  const all = cookies.list(location);
  return items(all.filter((cookie) => name === undefined || cookie.name === String(name)));
}

function wanted([first, second]: unknown[]): Options {
  return typeof first === "object" && first !== null
    ? (first as Options)
    : { name: first, value: second };
}

// As a string, so that one parser decides. What would end a part early is refused.
function write(cookies: CookiesApi, options: Options): boolean {
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
    name.includes("=") || !String(path).startsWith("/") || parts.some((part) => part.includes(";"));
  return !broken && cookies.write(location, parts.join("; "));
}

function followChanges(cookies: CookiesApi, store: EventTarget): void {
  const listen = (): (() => void) =>
    cookies.listen((changed, deleted) => {
      const here = new Set(cookies.list(location).map(({ name, path }) => `${name};${path}`));
      const isHere = ({ name, path }: Cookie): boolean => here.has(`${name};${path}`);
      const event = changeEvent({
        changed: items(changed.filter(isHere)),
        deleted: deleted.filter(seenFrom).map(({ name }) => ({ name })),
      });
      if (event) queueMicrotask(() => store.dispatchEvent(event));
    });
  let end = listen();
  window.addEventListener("pagehide", () => end());
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) end = listen();
  });
}

function seenFrom({ path }: Cookie): boolean {
  return `${location.pathname}/`.startsWith(path.endsWith("/") ? path : `${path}/`);
}

/** With those members that this browser has. */
function items(cookies: Cookie[]): object[] {
  const changed = cookies.map(({ expiresMs = null, sameSite, ...cookie }) => ({
    ...cookie,
    domain: null,
    expires: expiresMs,
    sameSite: sameSite || "lax",
  }));
  const event = changeEvent({ changed });
  return event ? [...(Reflect.get(event, "changed") as object[])] : changed;
}

function changeEvent(init: object): Event | undefined {
  const Change: unknown = Reflect.get(window, "CookieChangeEvent");
  return typeof Change === "function"
    ? (Reflect.construct(Change, ["change", init]) as Event)
    : undefined;
}
