// The app's own Service Workers, as its pages see them. Ours is none of theirs; theirs are kept by a
// part of the shell (`guest/`) that is loaded once the app has or wants one.

import type { ShellApi } from "../messages/frame-shell";
import type { GuestVersion } from "../messages/guest";
import type { Controller, GuestPage, Guests } from "../messages/guest-page";
import { inPlaceOf } from "./native-look";
import { onSwMessage, postToSw } from "./sw-port";

/** written: what our tag holds of them (`own-tag.ts`). */
export function ownServiceWorkers(shell: ShellApi, written: string | undefined): void {
  const container = navigator.serviceWorker as ServiceWorkerContainer | undefined;
  if (!container) return;
  const { prototype } = ServiceWorkerContainer;
  const nativeReady = container.ready;
  let controller = written
    ? controllerOf(JSON.parse(written) as GuestVersion & { scope: string })
    : undefined;
  let becomeReady: (registration: EventTarget) => void = () => undefined;
  const ready = new Promise<EventTarget>((resolve) => (becomeReady = resolve));
  const page: GuestPage = {
    window,
    container,
    native: {
      showNotification: async (...given) => (await nativeReady).showNotification(...given),
    },
    get controller() {
      return controller;
    },
    control(by) {
      controller = by;
      container.dispatchEvent(new Event("controllerchange"));
    },
    ready: (registration) => becomeReady(registration),
    make,
    makeWorker,
  };
  let attached: Promise<Guests> | undefined;
  const guests = (): Promise<Guests> =>
    (attached ??= shell.guests().then((found) => {
      found.attach(page);
      return found;
    }));
  getter(prototype, "controller", () => controller?.object ?? null);
  getter(prototype, "ready", () => ready);
  prototype.register = inPlaceOf(prototype.register, async (_, [url, options]) => {
    return (await guests()).register(page, String(url), (options ?? {}) as RegistrationOptions);
  });
  const find = async (url?: string): Promise<unknown[]> =>
    written === undefined && !attached ? [] : (await guests()).find(page, url);
  prototype.getRegistration = inPlaceOf(prototype.getRegistration, async (_, [url = ""]) => {
    return (await find(new URL(String(url), document.baseURI).href))[0];
  });
  prototype.getRegistrations = inPlaceOf(prototype.getRegistrations, () => find());
  onSwMessage(({ data, ports }) => {
    if (data.kind !== "guest" || data.news.do !== "message") return;
    const { id, data: value } = data.news;
    void guests().then((found) => found.receive(window, id, value, ports));
  });
  if (written !== undefined) void guests();
}

function controllerOf({ id, script, scope, state }: GuestVersion & { scope: string }): Controller {
  return { id, scope, object: makeWorker(id, script, state) };
}

function makeWorker(id: string, script: string, state: string): EventTarget {
  const worker = make("ServiceWorker");
  const postMessage = (
    data: unknown,
    options?: Transferable[] | StructuredSerializeOptions,
  ): void =>
    postToSw(
      { kind: "guest", ask: { do: "message", id, data } },
      Array.isArray(options) ? options : options?.transfer,
    );
  for (const [name, value] of Object.entries({ scriptURL: script, state, postMessage })) {
    Object.defineProperty(worker, name, { configurable: true, enumerable: true, value });
  }
  return worker;
}

// With the browser's own prototype, whose members would not know it: handlers are given here.
function make(name: string): EventTarget {
  const like = Reflect.get(window, name) as new () => EventTarget;
  const made = Reflect.construct(EventTarget, [], like) as EventTarget;
  for (const key of Object.keys(Object.getOwnPropertyDescriptors(like.prototype))) {
    if (key.startsWith("on")) handler(made, key);
  }
  return made;
}

function handler(object: EventTarget, name: string): void {
  let now: unknown = null;
  const listener = (event: Event): unknown =>
    typeof now === "function" ? Reflect.apply(now, object, [event]) : undefined;
  Object.defineProperty(object, name, {
    configurable: true,
    get: () => now,
    set: (value: unknown) => {
      if (now === null) object.addEventListener(name.slice(2), listener);
      now = typeof value === "function" ? value : null;
      if (now === null) object.removeEventListener(name.slice(2), listener);
    },
  });
}

function getter(prototype: object, name: string, get: () => unknown): void {
  const member = Object.getOwnPropertyDescriptor(prototype, name);
  if (!member?.get) return;
  Object.defineProperty(prototype, name, { ...member, get: inPlaceOf(member.get, get) });
}
