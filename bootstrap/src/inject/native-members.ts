// What was replaced looks as before: functions of ours have name, length, text and flags of those that
// they stand for, whoever put them there.

import { inPlaceOf, standFor } from "./native-look";

// Not all that a window has: to ask for it makes some browsers make it.
const OF_WINDOW = ["fetch", "open", "close", "focus", "moveBy", "moveTo", "resizeBy", "resizeTo"];
OF_WINDOW.push("name", "parent", "opener", "frameElement", "visualViewport");
OF_WINDOW.push("XMLHttpRequest", "Request");

const CLASSES = [
  "XMLHttpRequest",
  "Request",
  "Document",
  "HTMLFormElement",
  "HTMLIFrameElement",
  "History",
];
CLASSES.push(
  "MessageEvent",
  "Navigator",
  "Performance",
  "PerformanceEntry",
  "PerformanceResourceTiming",
);
CLASSES.push("PerformanceNavigationTiming", "PerformanceObserverEntryList");
CLASSES.push("SecurityPolicyViolationEvent", "ServiceWorkerContainer", "ServiceWorkerRegistration");

type Part = "value" | "get" | "set";

/** Whatever `replace` replaces, of the classes above and of the window. */
export function inDisguise(replace: () => void): void {
  const before: [object, string, PropertyDescriptor][] = [];
  const note = (of: object, name: string): void => {
    const native = Object.getOwnPropertyDescriptor(of, name);
    if (native) before.push([of, name, native]);
  };
  for (const name of OF_WINDOW) note(window, name);
  for (const name of CLASSES) {
    const prototype: unknown = Reflect.get(Reflect.get(window, name) ?? {}, "prototype");
    if (typeof prototype !== "object" || prototype === null) continue;
    for (const member of Object.getOwnPropertyNames(prototype)) note(prototype, member);
  }
  replace();
  for (const [of, name, native] of before) {
    const now = Object.getOwnPropertyDescriptor(of, name);
    if (now) dress(of, name, native, now);
  }
}

function dress(
  of: object,
  name: string,
  native: PropertyDescriptor,
  now: PropertyDescriptor,
): void {
  const dressed = { ...native };
  let changed = false;
  for (const part of ["value", "get", "set"] as const satisfies Part[]) {
    const [was, is] = [native[part] as unknown, now[part] as unknown];
    if (was === is || typeof was !== "function" || typeof is !== "function") continue;
    changed = true;
    // A class is a proxy already, which only its text gives away.
    if (standFor(is, was)) dressed[part] = is as never;
    else dressed[part] = inPlaceOf(was, (on, args) => Reflect.apply(is, on, args)) as never;
  }
  if (changed) Object.defineProperty(of, name, dressed);
}
