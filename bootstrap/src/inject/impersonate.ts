// Stands in for a class of the browser, so that scripts see no difference: the same prototype and the same
// members, which act on objects of ours where they are ours, and as before where they are not.

import { inPlaceOf, showing } from "./native-look";

/** What an object of ours does and has, under the names of the class's own members. */
export type Actor = object;

type Handler = ((event: Event) => unknown) | null;
type Members = { [name: string]: PropertyDescriptor };
type Native = (this: unknown, ...args: unknown[]) => unknown;

/**
 * act: what the new object is; undefined where the browser's own class is to make it, or to throw.
 * `made` has the class's prototype, or that of a class which extends it.
 */
export function impersonate(
  name: string,
  act: (args: unknown[], made: () => EventTarget) => Actor | undefined,
): void {
  const native = Reflect.get(self, name) as (new (...args: unknown[]) => EventTarget) | undefined;
  if (!native) return;
  const actors = new WeakMap<object, Actor>();
  const handlers = new WeakMap<object, Handlers>();
  const construct = (target: typeof native, args: unknown[], as: typeof native): object => {
    let object: EventTarget | undefined;
    const made = (): EventTarget =>
      (object ??= Reflect.construct(EventTarget, [], as) as EventTarget);
    const actor = act(args, made);
    if (!actor) return Reflect.construct(target, args, as) as object;
    actors.set(made(), actor);
    handlers.set(made(), new Handlers(made()));
    return made();
  };
  const prototype = native.prototype as object;
  const own = Object.getOwnPropertyDescriptors(prototype) as unknown as Members;
  for (const [key, member] of Object.entries(own)) {
    const route = (native: unknown, reach: (actor: Actor, args: unknown[]) => unknown): unknown =>
      inPlaceOf(native as Native, (on, args) => {
        const actor = actors.get(on as object);
        return actor ? reach(actor, args) : Reflect.apply(native as Native, on, args);
      });
    if (key.startsWith("on")) {
      const { get, set } = member as { get: Native; set: Native };
      member.get = inPlaceOf(get, (on, args) => {
        const slots = handlers.get(on as object);
        return slots ? slots.get(key) : Reflect.apply(get, on, args);
      });
      member.set = inPlaceOf(set, (on, args) => {
        const slots = handlers.get(on as object);
        return slots ? slots.set(key, args[0]) : Reflect.apply(set, on, args);
      });
    } else if (member.get) {
      member.get = route(member.get, (actor) => Reflect.get(actor, key)) as () => unknown;
      if (member.set) {
        member.set = route(member.set, (actor, [value]) => Reflect.set(actor, key, value)) as never;
      }
    } else if (typeof member.value === "function" && key !== "constructor") {
      member.value = route(member.value, (actor, args) =>
        (Reflect.get(actor, key) as Native).apply(actor, args),
      );
    } else continue;
    Object.defineProperty(prototype, key, member);
  }
  const replaced = wrapConstructor(name, construct as never);
  Object.defineProperty(prototype, "constructor", { ...own["constructor"], value: replaced });
}

/** The constructor of that name, replaced by one that `construct` makes. */
export function wrapConstructor(
  name: string,
  construct: NonNullable<ProxyHandler<never>["construct"]>,
): unknown {
  const native = Reflect.getOwnPropertyDescriptor(self, name);
  if (!native) return undefined;
  const { value } = native as { value: object };
  const replaced = showing(value, new Proxy(value, { construct }));
  Object.defineProperty(self, name, { ...native, value: replaced });
  return replaced;
}

/** HTML §8.1.8.1: a handler keeps the place among the listeners at which it was first set. */
class Handlers {
  private readonly slots = new Map<
    string,
    { handler: Handler; listener: (event: Event) => void }
  >();

  constructor(private readonly target: EventTarget) {}

  get(name: string): Handler {
    return this.slots.get(name)?.handler ?? null;
  }

  set(name: string, value: unknown): void {
    const isHandler = typeof value === "function" || (typeof value === "object" && value !== null);
    const slot = this.slots.get(name);
    if (slot && isHandler) {
      slot.handler = value as Handler;
    } else if (isHandler) {
      const made = {
        handler: value as Handler,
        listener: (event: Event): void => {
          if (typeof made.handler === "function") made.handler.call(this.target, event);
        },
      };
      this.slots.set(name, made);
      this.target.addEventListener(name.slice(2), made.listener);
    } else if (slot) {
      this.slots.delete(name);
      this.target.removeEventListener(name.slice(2), slot.listener);
    }
  }
}
