// cookieStore on the shell's copy of the app's cookies, where the browser has one. What its calls do is
// `cookie-store-acts`, which pages have of the shell.

import type { ShellApi } from "../messages/frame-shell";
import type { CookieStoreActs } from "../messages/late";
import { inPlaceOf } from "./native-look";

type Native = (...given: unknown[]) => Promise<unknown>;

export function wrapCookieStore(shell: ShellApi): void {
  const store: unknown = Reflect.get(window, "cookieStore");
  if (!(store instanceof EventTarget)) return;
  const prototype: unknown = Object.getPrototypeOf(store);
  if (typeof prototype !== "object" || prototype === null) return;
  let acts: CookieStoreActs | undefined;
  const load = async (): Promise<CookieStoreActs> => {
    const late = await shell.late().catch(() => {
      throw new DOMException("An unknown error occurred.", "UnknownError");
    });
    return (acts ??= late.cookieStoreFor(window, store, shell.cookies));
  };
  for (const name of ["get", "getAll", "set", "delete"]) {
    const before = Reflect.get(prototype, name) as Native;
    const looks = inPlaceOf(before, async (self, given) => {
      const { done, asked = given } =
        self === store ? (acts ?? (await load())).act(name, given) : {};
      return done ? done[0] : (Reflect.apply(before, self, asked) as unknown);
    });
    Reflect.set(prototype, name, looks);
  }
  const listen = (): (() => void) =>
    shell.cookies.listen((...news) => {
      if (acts) acts.changed(...news);
      else
        load().then(
          (loaded) => loaded.changed(...news),
          () => undefined,
        );
    });
  let end = listen();
  window.addEventListener("pagehide", () => end());
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) end = listen();
  });
}
