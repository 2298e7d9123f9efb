// Functions of ours in place of the browser's own, which apps and their libraries cannot distinguish:
// name, length and text are those of the native one.

type Native = (this: unknown, ...args: unknown[]) => unknown;

// Whose text each of ours shows.
const sources = new WeakMap<object, object>();

/** native: what is replaced. act: what is done instead; it gets `this` and the arguments. */
export function inPlaceOf<T extends object>(
  native: T,
  act: (self: unknown, given: unknown[]) => unknown,
): T {
  const apply = (_: T, self: unknown, given: unknown[]): unknown => act(self, given);
  return showing(native, new Proxy(native, { apply }));
}

/** `ours`, which shows the text of `native`, or of what that stands for itself. */
export function showing<T extends object>(native: object, ours: T): T {
  sources.set(ours, sources.get(native) ?? native);
  return ours;
}

/** Whether `ours` shows another's text now: it did, or is a class that stands for `native`. */
export function standFor(ours: object, native: object): boolean {
  if ("prototype" in native && !sources.has(ours)) sources.set(ours, native);
  return sources.has(ours);
}

const { toString } = Function.prototype;
Function.prototype.toString = inPlaceOf(toString, (self, given) =>
  Reflect.apply(toString as Native, sources.get(self as object) ?? self, given),
);
