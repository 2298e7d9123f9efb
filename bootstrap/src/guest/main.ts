// Keeps the app's own Service Workers in this tab, for its pages: what is registered, what runs, and
// what a page sees of both. Loaded if an app has one.

import { type GuestNews, type GuestRegistration, versionsOf } from "../messages/guest";
import type { GuestHome, GuestPage, Guests } from "../messages/guest-page";
import { Lifecycle, asPageError } from "./lifecycle";
import { PageView } from "./pages";
import { Registrations } from "./registrations";
import { Runs } from "./runs";
import { fetchScript } from "./scripts";

const SOFT_UPDATE_MS = 1_000;

export function keepGuests(home: GuestHome): Guests {
  return new Keeper(home);
}

class Keeper implements Guests {
  private readonly list: Registrations;
  private readonly runs: Runs;
  private readonly lifecycle: Lifecycle;
  private readonly views = new Map<GuestPage, PageView>();
  private readonly known: Promise<void>;

  constructor(home: GuestHome) {
    this.list = new Registrations(home, (claimed) => this.changed(claimed));
    this.runs = new Runs(home, (...wish) => this.lifecycle.wished(...wish));
    this.lifecycle = new Lifecycle(this.list, this.runs);
    this.known = this.list.read().then(() => this.begin());
  }

  attach(page: GuestPage): void {
    const { lifecycle } = this;
    const view = new PageView(page, {
      update: (scope, window) => lifecycle.update(scope, window),
      unregister: (scope) => lifecycle.unregister(scope),
    });
    for (const [other, one] of this.views) if (one.isOver) this.views.delete(other);
    this.views.set(page, view);
    void this.known.then(() => {
      view.changed(this.list.all, undefined);
      const own = this.list.controlling(view.url);
      if (own?.active)
        setTimeout(() => void lifecycle.update(own.scope).catch(() => undefined), SOFT_UPDATE_MS);
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
    return this.lifecycle.job(async () => {
      const known = this.list.of(scope.href);
      const newest = known && (this.runs.alive(known.installing) ?? known.waiting ?? known.active);
      const { type = "classic", updateViaCache: via = "imports" } = options;
      if (known && newest?.script === url.href && known.type === type) {
        return this.view(page).registration(known);
      }
      try {
        const script = await fetchScript(url.href, scope.href, via !== "all");
        const next: GuestRegistration = { ...known, scope: scope.href, type, via };
        const now = await this.lifecycle.install(next, url.href, script);
        return this.view(page).found(now);
      } catch (error) {
        throw asPageError(error, window);
      }
    });
  }

  async find(page: GuestPage, url: string | undefined): Promise<unknown[]> {
    await this.known;
    const own = url === undefined ? this.list.all : [this.list.controlling(url)];
    return own.flatMap((one) => (one ? [this.view(page).registration(one)] : []));
  }

  news(news: GuestNews): void {
    switch (news.do) {
      case "list":
        this.list.become(news);
        return;
      case "wanted":
        void this.known.then(() => this.wanted(news.id));
        return;
      case "message":
        return;
      default:
        news satisfies never;
    }
  }

  receive(window: Window, id: string, data: unknown, ports: readonly MessagePort[]): void {
    for (const [page, view] of this.views) {
      if (page.window === window && !view.isOver) view.receive(this.list.all, id, data, ports);
    }
  }

  // What another tab, or an earlier visit, left to do for this page's own.
  private begin(): void {
    const own = this.list.controlling(location.href);
    if (own?.active) void this.runs.start(own, own.active);
    if (own?.active?.state === "activating")
      void this.lifecycle.job(() => this.lifecycle.finishActivating(own.scope));
    if (own?.waiting) void this.lifecycle.job(() => this.lifecycle.activate(own.scope));
  }

  // The Service Worker asks for this tab's instance of a version.
  private wanted(id: string): void {
    for (const one of this.list.all) {
      const version = versionsOf(one).find((version) => version.id === id);
      if (version) void this.runs.start(one, version).then((running) => this.runs.connect(running));
    }
  }

  private changed(claimed: string | undefined): void {
    const { list } = this;
    this.runs.follow((id) => list.ofVersion(id));
    for (const [page, view] of this.views) {
      if (view.isOver) this.views.delete(page);
      else view.changed(list.all, claimed);
    }
  }

  private view(page: GuestPage): PageView {
    const view = this.views.get(page);
    if (!view) throw new Error("no such page");
    return view;
  }
}
