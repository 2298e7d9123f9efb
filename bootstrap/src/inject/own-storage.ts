// Databases, caches and locks of ours, in the storage that we share with the app: neither listed to
// it nor opened or deleted by the names that they have, so that an app which empties its storage
// empties its own.

import { isOurs } from "../messages/own-storage";
import { inPlaceOf } from "./native-look";

type Call = (...given: unknown[]) => unknown;
type Named = string | { name?: string | undefined };

/** In the page or the worker that it runs in. */
export function hideOwnStorage(): void {
  // One of the app's that is called like ours has another name.
  const byName = (call: Call, given: unknown[]): unknown => {
    const name = String(given[0]);
    return call(...(isOurs(name) ? [`app-${name}`, ...given.slice(1)] : given));
  };
  replace("CacheStorage", ["open", "has", "delete"], byName);
  replace("IDBFactory", ["open", "deleteDatabase"], byName);
  const listed = async (call: Call): Promise<Named[]> => theirs(await call());
  replace("CacheStorage", ["keys"], listed);
  replace("IDBFactory", ["databases"], listed);
  replace("LockManager", ["query"], async (call) => {
    const { held, pending } = (await call()) as LockManagerSnapshot;
    return { held: theirs(held), pending: theirs(pending) };
  });
}

function theirs(all: unknown): Named[] {
  return (all as Named[]).filter(
    (one) => !isOurs((typeof one === "string" ? one : one.name) ?? ""),
  );
}

function replace(
  kind: string,
  names: string[],
  act: (call: Call, given: unknown[]) => unknown,
): void {
  const found: unknown = Reflect.get(self, kind);
  const prototype = (found as { prototype: Record<string, object> } | undefined)?.prototype;
  for (const name of names) {
    const native = prototype?.[name];
    if (!prototype || !native) continue; // not in every browser
    prototype[name] = inPlaceOf(native, (on, given) => {
      const call = (...given: unknown[]): unknown => Reflect.apply(native as never, on, given);
      return act(call, given);
    });
  }
}
