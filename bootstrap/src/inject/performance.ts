// performance: entries show what they would without us. Names carry no marks, files of ours are not
// listed, what came over the link is not called cached, and a body is as long as it came.

import { unmarked } from "../messages/marks";
import { isOurs } from "./own-url";

// What a browser adds to the body's size for the fields, Resource Timing §4.3.
const HEAD_BYTES = 300;

type Getters = Record<string, (own: PerformanceResourceTiming, value: unknown) => unknown>;

type Size = (url: string) => number | undefined;

const timing = (size: Size): Getters => ({
  encodedBodySize: (entry, value) => size(entry.name) ?? value,
  decodedBodySize: (entry, value) => size(entry.name) ?? value,
  workerStart: () => 0,
  deliveryType: () => "",
  nextHopProtocol: (entry, value) => value || (hasResponse(entry) ? "http/1.1" : ""),
  transferSize: (entry, value) => (hasResponse(entry) ? entry.encodedBodySize + HEAD_BYTES : value),
});

/** size: of the body that came last from a URL, as the shell knows it. */
export function plainPerformance(size: Size): void {
  const getters = timing(size);
  rewrite(PerformanceEntry.prototype, "name", (_, name) => unmarked(String(name)));
  const worker = getter(PerformanceResourceTiming.prototype, "workerStart");
  const protocol = getter(PerformanceResourceTiming.prototype, "nextHopProtocol");
  // Some browsers give no time of the Service Worker, but no protocol either.
  const intercepted = (entry: PerformanceResourceTiming): boolean =>
    !!worker?.call(entry) || (isOwn(entry.name) && !protocol?.call(entry));
  for (const [name, plain] of Object.entries(getters)) {
    rewrite(PerformanceResourceTiming.prototype, name, (entry, value) =>
      intercepted(entry) ? plain(entry, value) : value,
    );
  }
  for (const kind of [PerformanceEntry, PerformanceResourceTiming, PerformanceNavigationTiming]) {
    const { toJSON } = kind.prototype;
    kind.prototype.toJSON = function (): object {
      const facts = toJSON.call(this) as Record<string, unknown>;
      for (const name of ["name", ...Object.keys(getters)]) {
        if (name in facts) facts[name] = Reflect.get(this, name);
      }
      return facts;
    };
  }
  for (const list of [Performance.prototype, PerformanceObserverEntryList.prototype]) {
    const { getEntries, getEntriesByType } = list;
    list.getEntries = function (): PerformanceEntryList {
      return theirs(getEntries.call(this));
    };
    list.getEntriesByType = function (type: string): PerformanceEntryList {
      return theirs(getEntriesByType.call(this, type));
    };
    list.getEntriesByName = function (name: string, type?: string): PerformanceEntryList {
      const all = type === undefined ? getEntries.call(this) : getEntriesByType.call(this, type);
      return theirs(all).filter((entry) => entry.name === String(name));
    };
  }
}

// Of other origins a browser shows neither protocol nor size.
function hasResponse({
  name,
  responseStatus,
  encodedBodySize,
}: PerformanceResourceTiming): boolean {
  return isOwn(name) && (responseStatus || encodedBodySize) > 0;
}

function isOwn(name: string): boolean {
  return name.startsWith(`${location.origin}/`);
}

function theirs(entries: PerformanceEntryList): PerformanceEntryList {
  return entries.filter(({ name }) => !isOurs(name));
}

function getter(prototype: object, name: string): (() => unknown) | undefined {
  return Object.getOwnPropertyDescriptor(prototype, name)?.get;
}

function rewrite(
  prototype: object,
  name: string,
  plain: (entry: PerformanceResourceTiming, value: unknown) => unknown,
): void {
  const native = getter(prototype, name);
  if (!native) return;
  Object.defineProperty(prototype, name, {
    configurable: true,
    enumerable: true,
    get(this: PerformanceResourceTiming): unknown {
      return plain(this, native.call(this));
    },
  });
}
