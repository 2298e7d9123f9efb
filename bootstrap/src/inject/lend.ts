// A frame without an address of its own (about:blank, written by its page) has no script of ours,
// and in some browsers no Service Worker: it borrows what this page has. All of that is of this
// page then, also the base of relative URLs, which is the one that such a frame has anyway.

const BORROWED = ["fetch", "XMLHttpRequest", "EventSource", "WebSocket", "cookieStore"];
const LENT = Symbol.for("p2claw.lent");

type Realm = Window & typeof globalThis;
type Undo = () => void;

/** Before any script of the frame runs, where the page itself makes it run. */
export function lend(frame: Window | null): void {
  if (!frame || !isBare(frame)) return;
  const undo: Undo[] = [];
  const put = (target: object, name: string, now: PropertyDescriptor): void => {
    const before = Object.getOwnPropertyDescriptor(target, name);
    if (!before?.configurable) return;
    Object.defineProperty(target, name, { ...now, configurable: true });
    undo.push(() => Object.defineProperty(target, name, before));
  };
  for (const name of BORROWED) {
    if (name in window) put(frame, name, { writable: true, value: Reflect.get(window, name) });
  }
  const { Document, Navigator } = frame as Realm;
  put(Document.prototype, "cookie", {
    get: () => document.cookie,
    set: (cookie: string) => {
      document.cookie = cookie;
    },
  });
  put(Navigator.prototype, "sendBeacon", { value: navigator.sendBeacon.bind(navigator) });
  Object.defineProperty(frame, LENT, { configurable: true, value: undo });
}

// A frame keeps the window of its first, empty document for a page of the same origin.
const lent: unknown = Reflect.get(window, LENT);
if (Array.isArray(lent)) {
  for (const undo of lent as Undo[]) undo();
  Reflect.deleteProperty(window, LENT);
}

function isBare(frame: Window): boolean {
  try {
    return !(LENT in frame) && frame.location.href === "about:blank";
  } catch {
    return false; // of another origin
  }
}
