// document.cookie on the shell's copy of the app's cookies: a real one would go to the edge.

import type { Place } from "../cookies/parse";
import type { CookiesApi } from "../messages/page-cookies";
import { inPlaceOf } from "./native-look";

type Getter = () => unknown;

/** In a window of the app, whose Document it changes. */
export function wrapDocumentCookie(realm: typeof globalThis, cookies: CookiesApi): void {
  const { prototype } = realm.Document;
  const native = Object.getOwnPropertyDescriptor(prototype, "cookie");
  const view = Object.getOwnPropertyDescriptor(prototype, "defaultView")?.get;
  if (!native?.get || !native.set || !view) return;
  const { get, set } = native;
  Object.defineProperty(prototype, "cookie", {
    ...native,
    // Where there is no place for cookies, the native one raises its error, or returns "".
    get: inPlaceOf(get, (self, given) => {
      const place = placeOf(self, view);
      return place ? cookies.read(place) : Reflect.apply(get, self, given);
    }),
    set: inPlaceOf(set, (self, given) => {
      const place = given.length ? placeOf(self, view) : undefined;
      if (place) cookies.write(place, String(given[0]));
      else Reflect.apply(set, self, given);
    }),
  });
}

// undefined: no document, or one without cookies: of no window, or of another scheme.
function placeOf(self: unknown, view: Getter): Place | undefined {
  let shown: unknown;
  try {
    shown = Reflect.apply(view, self, []);
  } catch {
    return undefined;
  }
  return shown ? placeOfWindow(shown as Window) : undefined;
}

/** about:blank and srcdoc have the cookies of the page around them. */
export function placeOfWindow(shown: Window): Place | undefined {
  if (shown.origin === "null") return undefined;
  const { protocol } = shown.location;
  if (protocol === "about:" && shown !== shown.parent) return placeOfWindow(shown.parent);
  return /^https?:$/.test(protocol) ? shown.location : undefined;
}
