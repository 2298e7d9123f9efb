// What of the origin's storage is ours is not listed: an app that deletes all it finds would end the
// visit.

import { disguise } from "./impersonate";
import { isOurs } from "../messages/own-storage";

type Native = Parameters<typeof disguise>[0];

export function hideOwnStorage(): void {
  without("CacheStorage", "keys", (names: string[]) => names.filter(isTheirs));
  without("IDBFactory", "databases", (all: IDBDatabaseInfo[]) => all.filter(isTheirs));
  without("LockManager", "query", ({ held = [], pending = [] }: LockManagerSnapshot) => ({
    held: held.filter(isTheirs),
    pending: pending.filter(isTheirs),
  }));
}

function isTheirs(one: string | { name?: string }): boolean {
  return !isOurs((typeof one === "string" ? one : one.name) ?? "");
}

function without<T>(kind: string, name: string, plain: (all: T) => T): void {
  const prototype = Reflect.get(Reflect.get(self, kind) ?? {}, "prototype") as object | undefined;
  const native: unknown = prototype && Reflect.get(prototype, name);
  if (!prototype || typeof native !== "function") return;
  const listed = disguise(native as Native, (target, on, args) =>
    (Reflect.apply(target, on, args) as Promise<T>).then(plain),
  );
  Reflect.set(prototype, name, listed);
}
