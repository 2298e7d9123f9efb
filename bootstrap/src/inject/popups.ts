// Windows that the app opens. The top of such a tab is a shell, and the page that the app means is
// in its frame: what `open` returns, and what messages come from, stands for that page.

import { SHELL_PROPERTY } from "../messages/frame-shell";

/** Posts a message from the window at the top of this tab. */
export type Post = (to: Window, ...given: Parameters<Window["postMessage"]>) => void;

// From the top of a tab to what stands for its page. WindowProxies live as long as their tabs.
const standIns = new WeakMap<Window, Window>();

/** tab: the window at its top. frame: the one of it that is the app's top. */
export function wrapOpen(tab: Window, frame: Window | null): void {
  const { open } = window;
  window.open = function (url?: string | URL, target?: string, features?: string): Window | null {
    const opened = open.call(window, url, target, features);
    if (opened === tab) return frame;
    return opened && topOf(opened) === opened ? standInOf(opened) : opened;
  };
  const source = Object.getOwnPropertyDescriptor(MessageEvent.prototype, "source");
  if (!source?.get) return;
  const native = source.get;
  Object.defineProperty(MessageEvent.prototype, "source", {
    ...source,
    get(this: MessageEvent): unknown {
      const from: unknown = native.call(this);
      if (!isWindow(from) || from === window) return from;
      const top = topOf(from);
      const isPage = from === top || from === pageOf(top);
      return top === tab || !isPage ? from : (standIns.get(top) ?? from);
    },
  });
}

/** Who opened this tab. To another site's page, whatever it receives comes from the tab's top. */
export function openerOf(tab: Window, post: Post): unknown {
  const opener = tab.opener as Window;
  if (isReadable(opener)) return opener;
  const known = standIns.get(opener);
  if (known) return known;
  const made = new Proxy(opener, {
    get: (_, key): unknown => {
      if (key === "postMessage") return post.bind(undefined, opener);
      const value: unknown = Reflect.get(opener, key);
      return isFunction(value) ? value.bind(opener) : value;
    },
    set: (_, key, value) => Reflect.set(opener, key, value),
  });
  standIns.set(opener, made);
  return made;
}

/** What was posted to the top of the tab is meant for its page. */
export function deliver(event: MessageEvent): void {
  const ports = [...event.ports];
  const { origin } = event;
  // Made anew, so that what it holds is of this page's classes.
  const given = structuredClone({ data: event.data as unknown, ports }, { transfer: ports });
  const delivered = new MessageEvent("message", { ...given, origin });
  // One browser accepts no window of another site here.
  Object.defineProperty(delivered, "source", { value: event.source && fromTop(event.source) });
  window.dispatchEvent(delivered);
}

function fromTop(source: MessageEventSource): unknown {
  return isWindow(source) ? (standIns.get(source) ?? source) : source;
}

function standInOf(top: Window): Window {
  const known = standIns.get(top);
  if (known) return known;
  const bound = new WeakMap<object, unknown>();
  // What belongs to the tab, whatever it shows.
  const page = (key?: PropertyKey): Window =>
    key === "closed" || key === "close" || key === "focus" || key === "opener" || key === "name"
      ? top
      : pageOf(top);
  const made = new Proxy({} as Window, {
    get: (_, key) => {
      const of = page(key);
      if (key === "window" || key === "self" || key === "frames" || key === "top") return made;
      const value: unknown = Reflect.get(of, key);
      // A method of a window wants that window; a class, or a function of the app, has a prototype.
      if (!isFunction(value) || Reflect.has(value, "prototype")) return value;
      const method = bound.get(value) ?? value.bind(of);
      bound.set(value, method);
      return method;
    },
    set: (_, key, value) => Reflect.set(page(key), key, value),
    has: (_, key) => Reflect.has(page(key), key),
    deleteProperty: (_, key) => Reflect.deleteProperty(page(key), key),
    ownKeys: () => Reflect.ownKeys(page()),
    getPrototypeOf: () => Reflect.getPrototypeOf(page()),
    defineProperty: (_, key, given) => Reflect.defineProperty(page(key), key, given),
    getOwnPropertyDescriptor: (_, key) => {
      const found = Reflect.getOwnPropertyDescriptor(page(key), key);
      return found && { ...found, configurable: true };
    },
  });
  standIns.set(top, made);
  return made;
}

// The app's page in a tab; the tab's own where no shell is, or not yet.
function pageOf(top: Window): Window {
  try {
    const shell = Reflect.get(top, SHELL_PROPERTY) as { frame(): Window | null } | undefined;
    const page = shell?.frame();
    return page && page.location.href !== "about:blank" ? page : top;
  } catch {
    return top; // of another site, or showing one
  }
}

function topOf(page: Window): Window {
  try {
    return page.top ?? page;
  } catch {
    return page;
  }
}

function isReadable(page: Window): boolean {
  try {
    return typeof page.location.href === "string";
  } catch {
    return false;
  }
}

function isFunction(value: unknown): value is (...given: never[]) => unknown {
  return typeof value === "function";
}

function isWindow(value: unknown): value is Window {
  return typeof value === "object" && value !== null && "postMessage" in value && "closed" in value;
}
