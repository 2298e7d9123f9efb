// Keeps the app's own Service Workers in this tab: registers, installs, activates and updates them
// (Service Workers §"Algorithms"), and runs those that are asked for. Loaded where an app has one.

import {
  type GuestList,
  type GuestNews,
  type GuestRegistration,
  type GuestVersion,
  registrationOf,
} from "../messages/guest";
import type { GuestHome, GuestPage, Guests } from "../messages/guest-page";
import { PageView } from "./pages";
import { Running } from "./running";
import { Unusable, fetchScript, forget, isSame, keep } from "./scripts";

// What installs and activates does so in one tab at a time.
const JOBS = "p2claw-guests";
const SOFT_UPDATE_MS = 1_000;

export function keepGuests(home: GuestHome): Guests {
  return new Keeper(home);
}

class Keeper implements Guests {
  private list: GuestRegistration[] = [];
  private count = 0;
  private readonly running = new Map<string, Running>();
  private readonly hurried = new Set<string>();
  private readonly views = new Map<GuestPage, PageView>();
  private readonly known: Promise<void>;

  constructor(private readonly home: GuestHome) {
    this.known = home.ask({ do: "list" }).then((news) => {
      this.become(news as GuestList);
      const own = registrationOf(this.list, location.href);
      if (own?.active) void this.run(own, own.active);
      if (own?.active?.state === "activating")
        void this.job(() => this.finishActivating(own.scope));
      if (own?.waiting) void this.job(() => this.activate(own.scope));
    });
  }

  attach(page: GuestPage): void {
    const view = new PageView(page, {
      update: (scope, window) => this.update(scope, window),
      unregister: (scope) => this.unregister(scope),
    });
    for (const [other, one] of this.views) if (one.isOver) this.views.delete(other);
    this.views.set(page, view);
    void this.known.then(() => {
      view.changed(this.list, undefined);
      const own = registrationOf(this.list, view.url);
      if (own?.active)
        setTimeout(() => void this.update(own.scope).catch(() => undefined), SOFT_UPDATE_MS);
    });
  }

  async register(page: GuestPage, given: string, options: RegistrationOptions): Promise<unknown> {
    await this.known;
    const window = page.window as Window & typeof globalThis;
    const base = window.document.baseURI;
    const url = new URL(given, base);
    url.hash = "";
    const scope = new URL(options.scope ?? "./", options.scope === undefined ? url : base);
    scope.hash = scope.search = "";
    for (const one of [url, scope]) {
      if (one.origin !== location.origin) {
        throw new window.DOMException(
          "The origin of the script or the scope does not match the current origin.",
          "SecurityError",
        );
      }
    }
    return this.job(async () => {
      const known = this.list.find((one) => one.scope === scope.href);
      const newest = known && (this.alive(known.installing) ?? known.waiting ?? known.active);
      const { type = "classic", updateViaCache: via = "imports" } = options;
      if (known && newest?.script === url.href && known.type === type) {
        return this.view(page).registration(known);
      }
      try {
        const script = await fetchScript(url.href, scope.href, via !== "all");
        const next: GuestRegistration = { ...known, scope: scope.href, type, via };
        const now = await this.install(next, url.href, script);
        return this.view(page).found(now);
      } catch (error) {
        throw worded(error, window);
      }
    });
  }

  async find(page: GuestPage, url: string | undefined): Promise<unknown[]> {
    await this.known;
    const own = url === undefined ? this.list : [registrationOf(this.list, url)];
    return own.flatMap((one) => (one ? [this.view(page).registration(one)] : []));
  }

  news(news: GuestNews): void {
    switch (news.do) {
      case "list":
        this.become(news);
        return;
      case "wanted":
        void this.known.then(() => {
          for (const one of this.list) {
            const version = versionsOf(one).find(({ id }) => id === news.id);
            if (version) void this.run(one, version).then((running) => this.connect(running));
          }
        });
        return;
      case "said":
        return;
      default:
        news satisfies never;
    }
  }

  receive(window: Window, id: string, data: unknown, ports: readonly MessagePort[]): void {
    for (const [page, view] of this.views) {
      if (page.window === window && !view.isOver) view.receive(this.list, id, data, ports);
    }
  }

  private view(page: GuestPage): PageView {
    const view = this.views.get(page);
    if (!view) throw new Error("no such page");
    return view;
  }

  private become({ list, claimed, count }: GuestList): void {
    if (count <= this.count) return;
    this.count = count;
    this.list = list;
    for (const [id, one] of this.running) {
      const registration = list.find((some) =>
        versionsOf(some).some((version) => version.id === id),
      );
      if (registration) one.post({ do: "registration", registration });
      else {
        one.stop();
        this.running.delete(id);
      }
    }
    for (const [page, view] of this.views) {
      if (view.isOver) this.views.delete(page);
      else view.changed(list, claimed);
    }
  }

  private job<T>(act: () => Promise<T>): Promise<T> {
    return navigator.locks.request(JOBS, act) as Promise<T>;
  }

  // Resolves once it is being installed; the rest follows by itself.
  private async install(
    registration: GuestRegistration,
    script: string,
    text: Response,
  ): Promise<GuestRegistration> {
    const id = crypto.randomUUID();
    await keep(id, script, text);
    const version: GuestVersion = { id, script, state: "installing", fetches: false };
    const now = { ...registration, installing: version };
    let fetches: boolean;
    try {
      ({ fetches } = await (await this.run(now, version)).ready);
    } catch {
      this.stop(version);
      throw new Unusable(
        false,
        `Failed to register a ServiceWorker for scope ('${now.scope}') with script ('${script}'): ServiceWorker script evaluation failed`,
      );
    }
    version.fetches = fetches;
    await this.set(now);
    void this.finish(now.scope, version);
    return now;
  }

  private async finish(scope: string, version: GuestVersion): Promise<void> {
    const well = await this.running.get(version.id)?.dispatch("install");
    await this.job(async () => {
      const now = this.list.find((one) => one.scope === scope);
      if (now?.installing?.id !== version.id) return;
      if (!well) {
        this.stop(version);
        const rest = { ...now, installing: undefined };
        await (versionsOf(rest).length ? this.set(rest) : this.remove(scope));
        return;
      }
      const { waiting } = now;
      await this.set({
        ...now,
        installing: undefined,
        waiting: { ...version, state: "installed" },
      });
      if (waiting) this.stop(waiting);
      await this.activate(scope);
    });
  }

  // Where one waits, and nothing stands in its way.
  private async activate(scope: string): Promise<void> {
    const now = this.list.find((one) => one.scope === scope);
    if (!now?.waiting) return;
    const { waiting, active } = now;
    const free =
      !active || this.hurried.has(waiting.id) || !(await this.home.ask({ do: "count", scope }));
    if (!free) return;
    await this.run(now, waiting);
    const activating: GuestVersion = { ...waiting, state: "activating" };
    await this.set({ ...now, waiting: undefined, active: activating });
    if (active) this.stop(active);
    await this.finishActivating(scope);
  }

  private async finishActivating(scope: string): Promise<void> {
    const now = this.list.find((one) => one.scope === scope);
    if (now?.active?.state !== "activating") return;
    const { active } = now;
    await (await this.run(now, active)).dispatch("activate");
    const later = this.list.find((one) => one.scope === scope);
    if (later?.active?.id !== active.id) return;
    await this.set({ ...later, active: { ...active, state: "activated" } });
  }

  private async update(scope: string, window?: Window): Promise<void> {
    await this.job(async () => {
      const now = this.list.find((one) => one.scope === scope);
      const newest = now && (now.installing ?? now.waiting ?? now.active);
      if (!now || !newest) return;
      try {
        const script = await fetchScript(newest.script, scope, now.via !== "all");
        if (!(await isSame(newest, script))) await this.install(now, newest.script, script);
      } catch (error) {
        throw window ? worded(error, window as Window & typeof globalThis) : error;
      }
    });
  }

  private async unregister(scope: string): Promise<boolean> {
    const known = this.list.find((one) => one.scope === scope);
    if (!known) return false;
    await this.remove(scope);
    for (const version of versionsOf(known)) this.stop(version);
    return true;
  }

  private async set(registration: GuestRegistration, claim = false): Promise<void> {
    this.become((await this.home.ask({ do: "set", registration, claim })) as GuestList);
  }

  private async remove(scope: string): Promise<void> {
    this.become((await this.home.ask({ do: "remove", scope })) as GuestList);
  }

  private stop(version: GuestVersion): void {
    this.running.get(version.id)?.stop();
    this.running.delete(version.id);
    void forget(version);
  }

  private async run(registration: GuestRegistration, version: GuestVersion): Promise<Running> {
    const known = this.running.get(version.id);
    if (known) return known;
    const { id, script } = version;
    await this.home.ask({ do: "run", url: script, id });
    const again = this.running.get(id);
    if (again) return again;
    const { scope } = registration;
    const made = new Running(registration, version, (wish) => {
      if (wish === "claim") void this.claim(scope).then(() => made.post({ do: "claimed" }));
      else if (wish === "unregister") void this.unregister(scope);
      else if (wish === "update") void this.update(scope).catch(() => undefined);
      else {
        this.hurried.add(id);
        void this.job(() => this.activate(scope));
      }
    });
    this.running.set(id, made);
    this.connect(made);
    return made;
  }

  // With the Service Worker, which may have been stopped and started since.
  private connect(running: Running): void {
    const { id } = running.version;
    const { port1, port2 } = new MessageChannel();
    running.post({ do: "port", port: port1 }, [port1]);
    void this.home.ask({ do: "port", lock: this.home.lock, id, port: port2 }, [port2]);
  }

  // One whose tab is gone installs no more.
  private alive(version: GuestVersion | undefined): GuestVersion | undefined {
    return version && this.running.has(version.id) ? version : undefined;
  }

  private async claim(scope: string): Promise<void> {
    const now = this.list.find((one) => one.scope === scope);
    if (now?.active) await this.set(now, true);
  }
}

function versionsOf({ installing, waiting, active }: GuestRegistration): GuestVersion[] {
  return [installing, waiting, active].flatMap((one) => one ?? []);
}

function worded(error: unknown, window: Window & typeof globalThis): unknown {
  if (!(error instanceof Unusable)) return error;
  return error.secure
    ? new window.DOMException(error.message, "SecurityError")
    : new window.TypeError(error.message);
}
