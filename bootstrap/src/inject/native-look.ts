// Functions of ours in place of the browser's own, which apps and their libraries cannot tell apart:
// name, length and text are those of the native one.

import { disguise } from "./impersonate";

type Native = Parameters<typeof disguise>[0];

/** native: what is replaced. act: what is done instead; it gets `this` and the arguments. */
export function inPlaceOf<T extends object>(
  native: T,
  act: (self: unknown, given: unknown[]) => unknown,
): T {
  const looks = disguise(native as unknown as Native, (_, self, given) => act(self, given));
  return looks as unknown as T;
}
