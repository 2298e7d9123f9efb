// cookieStore on the shell's copy of the app's cookies, where the browser has one.

import type { Cookie } from "../cookies/parse";
import type { CookiesApi } from "../messages/frame-shell";
import { inPlaceOf } from "./native-look";

type Options = Record<string, unknown>;

export function wrapCookieStore(cookies: CookiesApi): void {
  const store: unknown = Reflect.get(window, "cookieStore");
  if (!(store instanceof EventTarget)) return;
  const prototype: unknown = Object.getPrototypeOf(store);
  if (typeof prototype !== "object" || prototype === null) return;
  const wrap = (name: string, act: (given: unknown[]) => unknown): void => {
    const native: unknown = Reflect.get(prototype, name);
    if (typeof native !== "function") return;
    const looks = inPlaceOf(native, (self, given) => {
      // The native one says what is wrong with a call on something else.
      if (self !== store) return Reflect.apply(native, self, given);
      return new Promise((resolve) => resolve(act(given)));
    });
    Reflect.set(prototype, name, looks);
  };
  wrap("get", (given) => found(cookies, given, true)[0] ?? null);
  wrap("getAll", (given) => found(cookies, given, false));
  wrap("set", (given) => write(cookies, wanted(given)));
  wrap("delete", ([first]) => {
    const said = typeof first === "object" && first !== null ? first : { name: first };
    write(cookies, { ...said, value: "", expires: 0 });
  });
  followChanges(cookies, store);
}

function found(cookies: CookiesApi, [first]: unknown[], needed: boolean): object[] {
  const options: Options =
    typeof first === "object" && first !== null ? (first as Options) : { name: first };
  const { name, url } = options;
  if (needed && name === undefined && url === undefined) {
    throw new TypeError("A name or URL is needed.");
  }
  const here = location.href.split("#", 1)[0];
  if (url !== undefined && new URL(String(url), document.baseURI).href.split("#", 1)[0] !== here) {
    throw new TypeError("The URL must be that of the document.");
  }
  const all = cookies.list(location);
  return all.filter((cookie) => name === undefined || cookie.name === String(name)).map(item);
}

function wanted([first, second]: unknown[]): Options {
  return typeof first === "object" && first !== null
    ? (first as Options)
    : { name: first, value: second };
}

// As a string, so that one parser decides. What would end a part early is refused.
function write(cookies: CookiesApi, options: Options): void {
  const { expires, domain, partitioned, path = "/", sameSite = "strict" } = options;
  const [name, value] = [String(options["name"]), String(options["value"])];
  const parts = [`${name}=${value}`, `Path=${String(path)}`, "Secure"];
  parts.push(`SameSite=${String(sameSite)}`);
  if (typeof domain === "string") parts.push(`Domain=${domain}`);
  if (expires !== undefined && expires !== null) {
    parts.push(`Expires=${new Date(Number(expires)).toUTCString()}`);
  }
  if (partitioned) parts.push("Partitioned");
  const broken = name.includes("=") || parts.some((part) => part.includes(";"));
  if (broken || !cookies.write(location, parts.join("; "))) {
    throw new TypeError("The cookie was refused.");
  }
}

function followChanges(cookies: CookiesApi, store: EventTarget): void {
  const Change: unknown = Reflect.get(window, "CookieChangeEvent");
  if (typeof Change !== "function") return;
  const listen = (): (() => void) =>
    cookies.listen((changed, deleted) => {
      const here = new Set(cookies.list(location).map(({ name, path }) => `${name};${path}`));
      const isHere = ({ name, path }: Cookie): boolean => here.has(`${name};${path}`);
      const event: unknown = Reflect.construct(Change, [
        "change",
        {
          changed: changed.filter(isHere).map(item),
          deleted: deleted.filter(seenFrom).map(({ name }) => ({ name })),
        },
      ]);
      if (event instanceof Event) queueMicrotask(() => store.dispatchEvent(event));
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

function item({ name, value }: Cookie): object {
  return { name, value };
}
