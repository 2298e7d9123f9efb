// The Service Worker from the shell's side: registered, in control, and joined to the channel worker.

import type { SentForm } from "../messages/frame-shell";
import type { GuestAsk, GuestNews } from "../messages/guest";
import type { SiblingAsk } from "../messages/sibling";
import { browserSession, keepSession } from "./browser-session";
import type { Cookies } from "./cookies";
import {
  LOCK_PREFIX,
  OCTETS,
  PAGE_PROTOCOL,
  type CookieWrite,
  type PageToSw,
  type SwToPage,
  type TabPolicy,
} from "../messages/sw-page";
import type { ShellToWorker } from "../messages/worker-shell";
import { SW_OPTIONS, SW_SCRIPT } from "./registration";
import { tabType } from "./tab-type";
import { reloadTab } from "./top-steps";
import { withoutFragment } from "./urls";

const CONTROL_MS = 15_000;
const WELCOME_MS = 2_000;
const UPDATE_MS = 5_000;
// As many as a page may come to have entries of in its timeline, and some.
const SIZES = 1_000;

/** Name of the Web Lock that this shell holds as long as it lives. */
export const LOCK = `${LOCK_PREFIX}${crypto.randomUUID()}`;

/** There is no Service Worker here, or it cannot be had. */
export class NoServiceWorker extends Error {}

/** There is one, and the browser has been told not to ask it. */
export class Bypassed extends Error {}

export interface ServiceWorkerOwner {
  /** What the frame asked for is a file that is being saved, or nothing at all. */
  download(sure: boolean, empty: boolean): void;
  /** Whether a page of this site led to what the tab shows, as far as is known. */
  led(): boolean;
  /** The document that the frame asks for as soon as requests are intercepted, if it then does. */
  first(): { url: string; referrer: string } | undefined;
  /** Something is new of the app's own service workers. */
  guest(news: GuestNews): void;
  /** A request for another app under the same parent. */
  sibling(asked: SiblingAsk): void;
  /** The frame has sent a form that no page of the app handed over. */
  form(form: SentForm): void;
}

// The frame's first document is a load like any other, though the person may have reloaded the tab:
// by a hard reload where nobody controls it.
function firstMode(): RequestCache {
  if (tabType === "back_forward") return "force-cache";
  if (tabType !== "reload") return "default";
  return navigator.serviceWorker.controller ? "no-cache" : "reload";
}

export class ServiceWorkerLink {
  /** How the app's first document treats the cache: the shell itself came by a reload, or not. */
  readonly firstMode = firstMode();
  /** Of bodies, in bytes, by URL. */
  readonly sizes = new Map<string, number>();
  /** This browser shows the octet E9 in a field as its UTF-8, C3 A9. */
  recodes = false;
  private expect = "";
  private greeted: ServiceWorker | undefined;
  private session: string | undefined; // undefined: not asked for yet
  private referrer: string | undefined;
  private welcomed: (() => void) | undefined;

  constructor(
    private readonly worker: Worker,
    private readonly embedded: boolean,
    private readonly hidden: boolean,
    private readonly owner: ServiceWorkerOwner,
    private readonly cookies: Cookies,
  ) {}

  /** Resolves once requests of this origin are intercepted. Throws NoServiceWorker. */
  async start(): Promise<void> {
    const { serviceWorker } = navigator;
    serviceWorker.onmessage = ({ data, ports }: MessageEvent<SwToPage>) =>
      this.receive(data, ports[0]);
    // The event may come after the one in control has been greeted: what was asked on its port goes on.
    serviceWorker.oncontrollerchange = () =>
      serviceWorker.controller !== this.greeted && this.hello();
    serviceWorker.startMessages();
    const locked = held(LOCK);
    window.addEventListener("pagehide", () => this.say({ kind: "bye", lock: LOCK }));
    const isNew = await this.control();
    const [intercepted, session] = await Promise.all([
      this.isIntercepted(),
      // Who has never been here has left no session.
      isNew ? "" : browserSession(),
      locked,
    ]);
    if (!intercepted) throw new Bypassed();
    this.session = session;
    const first = this.owner.first();
    if (first) await this.announce(first.url, first.referrer);
    else await this.greet();
  }

  /** Whether requests reach the Service Worker: a page may be controlled, and they pass it by. */
  async isIntercepted(): Promise<boolean> {
    const answer = await fetch(OCTETS).catch(() => undefined);
    const octet = answer?.headers.get("octet");
    this.recodes = octet?.length === 2;
    return octet != null;
  }

  /** Say which document the frame asks for next; resolves when the Service Worker knows. */
  async announce(url: string, referrer?: string): Promise<void> {
    // With the first greeting.
    if (this.expect === url && referrer !== undefined && this.referrer === referrer) return;
    this.expect = url;
    this.referrer = referrer;
    await this.greet();
  }

  /** How the next navigation to this URL treats the cache; resolves when the Service Worker knows. */
  async mode(url: string, cache: RequestCache): Promise<void> {
    const { controller } = navigator.serviceWorker;
    if (!controller) return;
    const { port1, port2 } = new MessageChannel();
    const known = new Promise((resolve) => {
      port1.onmessage = resolve;
      setTimeout(resolve, WELCOME_MS);
    });
    const message: PageToSw = { kind: "mode", url: withoutFragment(url), cache };
    controller.postMessage(message, [port2]);
    await known;
  }

  /** A page has written a cookie. */
  wrote(write: CookieWrite): void {
    this.worker.postMessage({ kind: "wrote", count: write.count } satisfies ShellToWorker);
    this.say({ kind: "cookie", lock: LOCK, write });
  }

  /** That document has come. */
  arrived(): void {
    this.referrer = undefined;
  }

  /** Of the app's own service workers; resolves with what the Service Worker says. */
  guest(ask: GuestAsk, given: Transferable[] = []): Promise<unknown> {
    const { port1, port2 } = new MessageChannel();
    return new Promise((resolve) => {
      port1.onmessage = ({ data }: MessageEvent<unknown>) => resolve(data);
      const message: PageToSw = { kind: "guest", ask };
      navigator.serviceWorker.controller?.postMessage(message, [port2, ...given]);
    });
  }

  /** Say what comes next; resolves when the Service Worker knows. */
  post(message: Extract<PageToSw, { kind: "post" | "isolate" }>): Promise<void> {
    const { port1, port2 } = new MessageChannel();
    return new Promise((resolve) => {
      port1.onmessage = () => resolve();
      navigator.serviceWorker.controller?.postMessage(message, [port2]);
    });
  }

  /** Get a newer Service Worker, and with it a newer shell, where there is one. */
  async update(): Promise<void> {
    const registration = await navigator.serviceWorker.getRegistration();
    await registration?.update().catch(() => undefined);
    const next = registration?.waiting ?? registration?.installing;
    if (!next) return;
    const changed = new Promise((resolve) => {
      navigator.serviceWorker.addEventListener("controllerchange", resolve, { once: true });
      setTimeout(resolve, UPDATE_MS);
    });
    const takeOver = (): void => {
      if (next.state === "installed") next.postMessage({ kind: "take-over" } satisfies PageToSw);
    };
    next.addEventListener("statechange", takeOver);
    takeOver();
    await changed;
  }

  // Whether there was none before.
  private async control(): Promise<boolean> {
    const { serviceWorker } = navigator;
    const registering = serviceWorker.register(SW_SCRIPT, SW_OPTIONS);
    if (serviceWorker.controller) {
      // Not awaited: the job may be queued behind an update for seconds.
      registering.then(takeOverIfAlone).catch(() => undefined);
      return false;
    }
    const registration = await registering.catch(() => {
      throw new NoServiceWorker();
    });
    const isNew = !registration.active;
    // After a hard reload nobody controls this page, though the worker is there.
    const claim = (): void =>
      registration.active?.postMessage({ kind: "claim" } satisfies PageToSw);
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new NoServiceWorker()), CONTROL_MS);
      serviceWorker.addEventListener(
        "controllerchange",
        () => {
          clearTimeout(timer);
          resolve();
        },
        { once: true },
      );
      claim();
      if (serviceWorker.controller) {
        clearTimeout(timer);
        resolve();
      }
    });
    return isNew;
  }

  // Resolves when the Service Worker knows this shell, and its cookies are here.
  private async greet(): Promise<void> {
    const welcome = new Promise<void>((resolve) => {
      this.welcomed = resolve;
      setTimeout(resolve, WELCOME_MS);
    });
    this.hello();
    await welcome;
  }

  // A new port each time: what was asked on an older one is over.
  private hello(): void {
    const { controller } = navigator.serviceWorker;
    const { session } = this;
    if (!controller || session === undefined) return;
    this.greeted = controller;
    const { port1, port2 } = new MessageChannel();
    this.worker.postMessage({ kind: "port", port: port1 } satisfies ShellToWorker, [port1]);
    const hello: PageToSw = {
      kind: "hello",
      protocol: PAGE_PROTOCOL,
      lock: LOCK,
      port: port2,
      embedded: this.embedded,
      hidden: this.hidden,
      policy: served(),
      expect: this.expect,
      led: this.owner.led(),
      session,
      writes: this.cookies.writes,
      referrer: this.referrer,
    };
    controller.postMessage(hello, [port2]);
  }

  private receive(message: SwToPage, port: MessagePort | undefined): void {
    switch (message.kind) {
      case "ask":
        this.hello();
        return;
      case "cookies":
        this.cookies.receive(message);
        port?.postMessage(null);
        return;
      case "welcome":
        this.session = message.session;
        keepSession(message.session);
        this.cookies.receive(message);
        this.welcomed?.();
        return;
      case "sizes":
        for (const [url, bytes] of message.sizes) this.sizes.set(url, bytes);
        while (this.sizes.size > SIZES) this.sizes.delete([...this.sizes.keys()][0] ?? "");
        return;
      case "busy":
        this.say({ kind: "awake" });
        return;
      case "reload":
        reloadTab();
        return;
      case "download":
        this.owner.download(message.sure, message.empty);
        return;
      case "form":
        this.owner.form(message);
        return;
      case "guest":
        this.owner.guest(message.news);
        return;
      case "sibling":
        this.owner.sibling(message);
        return;
      case "clear-storage":
        clearStorage();
        port?.postMessage(null);
        return;
      default:
        message satisfies never;
    }
  }

  private say(message: PageToSw): void {
    navigator.serviceWorker.controller?.postMessage(message);
  }
}

// By the edge: without any.
function served(): TabPolicy {
  const { opener = "", embedder = "" } = document.documentElement.dataset;
  return { opener, embedder };
}

// What is of this tab, or out of the Service Worker's reach. Nothing of it is ours.
function clearStorage(): void {
  try {
    localStorage.clear();
    sessionStorage.clear();
  } catch {
    // The browser keeps no such storage for this site.
  }
}

// Held until the page is gone, however it goes.
function held(name: string): Promise<void> {
  return new Promise((resolve) => {
    const hold = (): Promise<never> => {
      resolve();
      return new Promise(() => undefined);
    };
    // Some browsers have no locks within another site's page.
    navigator.locks.request(name, hold).catch(resolve);
  });
}

// An updated Service Worker waits as long as other shells live: their streams would end.
async function takeOverIfAlone(registration: ServiceWorkerRegistration): Promise<void> {
  if (!registration.waiting) return;
  const { held: locks } = await navigator.locks.query();
  const shells = (locks ?? []).filter(({ name }) => name?.startsWith(LOCK_PREFIX));
  if (shells.length > 1) return;
  navigator.serviceWorker.addEventListener("controllerchange", reloadTab, {
    once: true,
  });
  registration.waiting.postMessage({ kind: "take-over" } satisfies PageToSw);
}
