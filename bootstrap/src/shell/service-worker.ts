// The shell's connection to the Service Worker: greets it, joins it to the channel worker, and passes on
// its messages. How it comes into control is sw-control's.

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
import { control } from "./sw-control";
import { tabType } from "./tab-type";
import { reloadTab } from "./top-steps";
import { withoutFragment } from "./urls";

const WELCOME_MS = 2_000;
// As many as a page may come to have entries of in its timeline, and some.
const SIZES = 1_000;

/** Name of the Web Lock that this shell holds as long as it lives. */
export const LOCK = `${LOCK_PREFIX}${crypto.randomUUID()}`;

/** There is one, but a person has set the browser to pass it by. */
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
    // The event may come after that Service Worker was greeted: then the requests on its port go on.
    serviceWorker.oncontrollerchange = () =>
      serviceWorker.controller !== this.greeted && this.hello();
    serviceWorker.startMessages();
    const locked = held(LOCK);
    window.addEventListener("pagehide", () => this.send({ kind: "bye", lock: LOCK }));
    const isNew = await control();
    const [intercepted, session] = await Promise.all([
      this.isIntercepted(),
      // A browser that was never here has left no session.
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
    const response = await fetch(OCTETS).catch(() => undefined);
    const octet = response?.headers.get("octet");
    this.recodes = octet?.length === 2;
    return octet != null;
  }

  /** Announce which document the frame asks for next; resolves when the Service Worker knows. */
  async announce(url: string, referrer?: string): Promise<void> {
    // With the first greeting.
    if (this.expect === url && referrer !== undefined && this.referrer === referrer) return;
    this.expect = url;
    this.referrer = referrer;
    await this.greet();
  }

  /** How the next navigation to this URL treats the cache; resolves when the Service Worker knows. */
  async mode(url: string, cache: RequestCache): Promise<void> {
    if (!navigator.serviceWorker.controller) return;
    const known = this.ask({ kind: "mode", url: withoutFragment(url), cache });
    await Promise.race([known, new Promise((resolve) => setTimeout(resolve, WELCOME_MS))]);
  }

  /** A page has written a cookie. */
  wrote(write: CookieWrite): void {
    this.worker.postMessage({ kind: "wrote", count: write.count } satisfies ShellToWorker);
    this.send({ kind: "cookie", lock: LOCK, write });
  }

  /** That document has come. */
  arrived(): void {
    this.referrer = undefined;
  }

  /** About the app's own service workers; resolves with the reply of the Service Worker. */
  guest(ask: GuestAsk, transferred: Transferable[] = []): Promise<unknown> {
    return this.ask({ kind: "guest", ask }, transferred);
  }

  /** Announce what comes next; resolves when the Service Worker knows. */
  post(message: Extract<PageToSw, { kind: "post" | "isolate" }>): Promise<unknown> {
    return this.ask(message);
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
        this.send({ kind: "awake" });
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

  // Resolves with the reply.
  private ask(message: PageToSw, transferred: Transferable[] = []): Promise<unknown> {
    const { port1, port2 } = new MessageChannel();
    return new Promise((resolve) => {
      port1.onmessage = ({ data }: MessageEvent<unknown>) => resolve(data);
      this.send(message, port2, ...transferred);
    });
  }

  private send(message: PageToSw, ...transferred: Transferable[]): void {
    navigator.serviceWorker.controller?.postMessage(message, transferred);
  }
}

// A page of the edge's has none.
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
