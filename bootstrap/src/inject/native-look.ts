// Functions of ours in place of the browser's own, which apps and their libraries cannot tell apart:
// name, length and text are those of the native one.

type Call = (self: unknown, given: unknown[]) => unknown;

const natives = new WeakMap<object, object>();

/** native: what is replaced. act: what is done instead; it gets `this` and the arguments. */
export function inPlaceOf<T extends object>(native: T, act: Call): T {
  const looks = new Proxy(native, { apply: (_, self, given: unknown[]) => act(self, given) });
  natives.set(looks, native);
  return looks;
}

const { toString } = Function.prototype;
Function.prototype.toString = inPlaceOf(toString, (self, given) =>
  Reflect.apply(toString, natives.get(self as object) ?? self, given),
);
