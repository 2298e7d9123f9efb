// Lets the app's top page believe that it is the top of the tab. `window.top` cannot be masked.

import type { Arrival } from "../messages/frame-shell";
import { type Post, openerOf } from "./popups";

// What a page may do to its tab, and a frame may not.
const OF_THE_TAB = ["close", "focus", "moveBy", "moveTo", "resizeBy", "resizeTo"] as const;

export function maskTop(tab: Window, post: Post): void {
  mask(window, "parent", () => (tab.parent === tab ? window : tab.parent));
  mask(window, "frameElement", () => null);
  // At once: what it posts from now on has the same source.
  const opener = tab.opener && openerOf(tab, post);
  if (opener) mask(window, "opener", () => tab.opener && opener);
  mask(window, "visualViewport", () => tab.visualViewport);
  Object.defineProperty(window, "name", {
    configurable: true,
    enumerable: true,
    get: () => tab.name,
    set: (value: unknown) => {
      tab.name = String(value);
    },
  });
  for (const name of OF_THE_TAB) {
    const native = tab[name] as (...given: number[]) => void;
    Reflect.set(window, name, (...given: number[]) => native.apply(tab, given));
  }
  // The frame has the focus only once it is loaded; the tab has it before.
  const { hasFocus } = Document.prototype;
  Document.prototype.hasFocus = function (): boolean {
    return hasFocus.call(this === document ? tab.document : this);
  };
}

/** How the page was come to, where the frame only replaced what it shows. */
export function maskArrival({ type, referrer }: Arrival): void {
  if (referrer !== undefined) mask(Document.prototype, "referrer", () => referrer);
  if (type === undefined) return;
  mask(PerformanceNavigationTiming.prototype, "type", () => type);
  const legacy = ["navigate", "reload", "back_forward"].indexOf(type);
  if (legacy >= 0) mask(performance.navigation, "type", () => legacy);
}

function mask(of: object, name: string, get: () => unknown): void {
  Object.defineProperty(of, name, {
    configurable: true,
    enumerable: true,
    get,
    // As the native one: assignment replaces it.
    set: (value: unknown) => {
      Object.defineProperty(of, name, {
        configurable: true,
        enumerable: true,
        writable: true,
        value,
      });
    },
  });
}
