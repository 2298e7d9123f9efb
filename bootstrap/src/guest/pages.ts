// What a page of the app sees of its guests: registrations and workers, with their events.

import { type GuestRegistration, type GuestVersion, registrationOf } from "../messages/guest";
import type { GuestActs, GuestPage } from "../messages/guest-page";

const SLOTS = ["installing", "waiting", "active"] as const;

interface Shown {
  object: EventTarget;
  now: GuestRegistration;
}

type PageWindow = Window & typeof globalThis;

export class PageView {
  private readonly window: PageWindow;
  private readonly workers = new Map<string, EventTarget>();
  private readonly registrations = new Map<string, Shown>();

  constructor(
    private readonly page: GuestPage,
    private readonly acts: GuestActs,
  ) {
    this.window = page.window as PageWindow;
    if (page.controller) this.workers.set(page.controller.id, page.controller.object);
  }

  get url(): string {
    return this.window.location.href;
  }

  /** The page is gone, and another in its window. */
  get isOver(): boolean {
    try {
      return this.window.closed || this.window.navigator.serviceWorker !== this.page.container;
    } catch {
      return true;
    }
  }

  registration(now: GuestRegistration): EventTarget {
    const known = this.registrations.get(now.scope);
    if (known) return known.object;
    const object = this.make("ServiceWorkerRegistration");
    const { window, acts } = this;
    const { scope } = now;
    const denied = (): Promise<never> =>
      window.Promise.reject(
        new window.DOMException("Registration failed - permission denied", "NotAllowedError"),
      ) as Promise<never>;
    const members = {
      scope,
      updateViaCache: now.via,
      navigationPreload: {
        enable: async () => undefined,
        disable: async () => undefined,
        setHeaderValue: async () => undefined,
        getState: async () => ({ enabled: false, headerValue: "true" }),
      },
      pushManager: {
        subscribe: denied,
        getSubscription: async () => null,
        permissionState: async () => "denied",
      },
      update: async () => {
        await acts.update(scope, window);
        return object;
      },
      unregister: () => acts.unregister(scope),
      showNotification: (title: string, options?: NotificationOptions) =>
        this.page.native.showNotification(title, options),
      getNotifications: async () => [],
    };
    for (const [name, value] of Object.entries(members)) define(object, name, value);
    const shown = {
      object,
      now: { ...now, installing: undefined, waiting: undefined, active: undefined },
    };
    this.registrations.set(scope, shown);
    this.become(shown, now, false);
    return object;
  }

  /** The same, of one that is being installed: which the page learns of once it has the registration. */
  found(now: GuestRegistration): EventTarget {
    const known = this.registrations.has(now.scope);
    const object = this.registration(now);
    const { Event } = this.window;
    if (!known) setTimeout(() => object.dispatchEvent(new Event("updatefound")));
    return object;
  }

  /** claimed: a scope whose pages are controlled from now on. */
  changed(list: readonly GuestRegistration[], claimed: string | undefined): void {
    for (const shown of this.registrations.values()) {
      const now = list.find(({ scope }) => scope === shown.now.scope);
      if (now) this.become(shown, now, true);
      else {
        this.become(
          shown,
          { ...shown.now, installing: undefined, waiting: undefined, active: undefined },
          true,
        );
        this.registrations.delete(shown.now.scope);
      }
    }
    const own = registrationOf(list, this.url);
    if (!own?.active) return;
    const controlled = this.page.controller;
    const takes = claimed === own.scope && controlled?.id !== own.active.id;
    const follows = controlled && controlled.scope === own.scope && controlled.id !== own.active.id;
    if (takes || follows) {
      const { id } = own.active;
      this.page.control({ id, scope: own.scope, object: this.worker(own.active) });
    }
    this.page.ready(this.registration(own));
  }

  /** A guest posts a message to the page. */
  receive(
    list: readonly GuestRegistration[],
    id: string,
    data: unknown,
    ports: readonly MessagePort[],
  ): void {
    const versions = list.flatMap((one) => SLOTS.flatMap((slot) => one[slot] ?? []));
    const version = versions.find((one) => one.id === id);
    const source = version ? this.worker(version) : null;
    const { MessageEvent, location } = this.window;
    const event = new MessageEvent("message", { data, origin: location.origin, ports: [...ports] });
    Object.defineProperty(event, "source", { value: source });
    this.page.container.dispatchEvent(event);
  }

  private become(shown: Shown, now: GuestRegistration, emits: boolean): void {
    const before = shown.now;
    shown.now = now;
    for (const slot of SLOTS) {
      const version = now[slot];
      define(shown.object, slot, version ? this.worker(version) : null);
    }
    const { Event } = this.window;
    if (emits && now.installing && now.installing.id !== before.installing?.id) {
      shown.object.dispatchEvent(new Event("updatefound"));
    }
    const live = new Map(
      SLOTS.flatMap((slot) => (now[slot] ? [[now[slot].id, now[slot].state]] : [])),
    );
    for (const slot of SLOTS) {
      const version = before[slot];
      if (version) this.turn(version.id, live.get(version.id) ?? "redundant");
    }
    for (const [id, state] of live) this.turn(id, state);
  }

  private turn(id: string, state: string): void {
    const object = this.workers.get(id);
    if (!object || Reflect.get(object, "state") === state) return;
    define(object, "state", state);
    object.dispatchEvent(new this.window.Event("statechange"));
  }

  private worker(version: GuestVersion): EventTarget {
    const known = this.workers.get(version.id);
    if (known) return known;
    const object = this.page.makeWorker(version.id, version.script, version.state);
    this.workers.set(version.id, object);
    return object;
  }

  private make(name: "ServiceWorkerRegistration"): EventTarget {
    return this.page.make(name);
  }
}

function define(object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, {
    configurable: true,
    enumerable: true,
    writable: true,
    value,
  });
}
