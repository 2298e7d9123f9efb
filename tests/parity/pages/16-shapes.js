// What a page can notice of the world it runs in: functions' shapes, keys, descriptors.
"use strict";

/** The object or function at a dotted path; `undefined` when there is none. */
const at = (path) => path.split(".").reduce((thing, key) => thing?.[key], globalThis);

acts.shape = async ({ path }) => {
  const dot = path.lastIndexOf(".");
  const holder = dot < 0 ? globalThis : at(path.slice(0, dot));
  const key = path.slice(dot + 1);
  if (holder === undefined || holder === null) return { exists: false };
  const own = Object.getOwnPropertyDescriptor(holder, key);
  const facts = { exists: key in holder, own: own !== undefined };
  if (own === undefined) return facts;
  facts.flags = `${own.writable}|${own.enumerable}|${own.configurable}`;
  const shape = (fn) => fn === undefined ? null : [fn.name, fn.length, Function.prototype.toString.call(fn),
    Object.getOwnPropertyNames(fn).sort().join(), "prototype" in fn].join("|");
  facts.get = shape(own.get);
  facts.set = shape(own.set);
  if (typeof own.value === "function") {
    facts.value = shape(own.value);
    facts.text = String(own.value);
    facts.proto = own.value.prototype === undefined ? null : [
      Object.getOwnPropertyNames(own.value.prototype).join(), String(own.value.prototype),
      Object.getPrototypeOf(own.value.prototype)?.constructor?.name, own.value.prototype.constructor === own.value,
    ].join("|");
    facts.parent = Object.getPrototypeOf(own.value)?.name ?? null;
    // Not those of window, such as close() and alert().
    if (/[A-Z]/.test(path[0])) {
      try {
        facts.called = typeof own.value();
      } catch (error) {
        facts.called = parity.failure(error);
      }
    }
  } else if (!own.get) facts.value = `${typeof own.value} ${String(own.value).slice(0, 100)}`;
  return facts;
};

/** An expression's value, as a text. */
acts.report = async ({ code }) => {
  try {
    const value = await (0, eval)(`(async () => (${code}))()`);
    return { value: typeof value === "string" ? await parity.shortened(value) : JSON.stringify(value) ?? String(value) };
  } catch (error) {
    return { error: parity.failure(error) };
  }
};
