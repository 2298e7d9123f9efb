// The shell of one app: owns the link, the app's frame and the address bar; outlives the app's pages.

import type { ClosingModule } from "../messages/closing";
import {
  type AppPage,
  type Arrival,
  SHELL_PROPERTY,
  type SentForm,
  type ShellApi,
} from "../messages/frame-shell";
import type { GuestNews } from "../messages/guest";
import type { GuestHome, GuestModule, Guests } from "../messages/guest-page";
import type { Asking, HiddenShell } from "../messages/sibling";
import type { SignInQuestion, SignedIn } from "../messages/late";
import { isProblemCode } from "../messages/problems";
import type { TabPolicy } from "../messages/sw-page";
import type { ShellToWorker, WorkerToShell } from "../messages/worker-shell";
import type { Refusal } from "./trust";
import type { Beginning } from "./beginning";
import { verifiesKeys } from "./browser";
import { Cookies } from "./cookies";
import { Connector } from "./connector";
import { Frame } from "./frame";
import { FrameHistory } from "./frame-history";
import { loadLate } from "./late";
import { loadSibling } from "./sibling";
import type { LinkState } from "./link-state";
import type { Pages } from "./pages";
import { isRecent, noteReload, takeReload } from "./reload-note";
import type { Screen } from "./screen";
import { Bypassed, LOCK, NoServiceWorker, ServiceWorkerLink } from "./service-worker";
import { Tab } from "./tab";
import { reloadAs } from "./tab-type";
import { followTop, reloadTab, unhide } from "./top-steps";
import { waiting } from "./waiting";

const documentOfTab = document;

// A link is mostly back before anyone notices that it was gone.
const NOTE_MS = 1_500;
const RELAY_MS = 2_500;
const SAID_MS = 10_000;
// By then a document that the browser shows is there, whole or not.
const COMMIT_MS = 2_000;

export class Shell {
  private readonly worker: Worker;
  private readonly reloadedMs = takeReload();
  private readonly tab = new Tab();
  private readonly history: FrameHistory;
  private readonly frame: Frame;
  private readonly connector: Connector;
  private readonly serviceWorker: ServiceWorkerLink;
  private readonly cookies = new Cookies(window.top === window ? "same" : "cross", (write) =>
    this.serviceWorker.wrote(write),
  );
  private readonly progress = new Map<string, (sentBytes: number) => void>();
  private readonly forms: string[] = []; // bodies that no document has come of yet
  private sent: SentForm | undefined; // the form that the next document may be the answer to
  private page: AppPage | undefined;
  private state: LinkState = "idle";
  private relay = false;
  private readonly waits = waiting((state) => this.fruitless(state !== "finding", 0));
  private controlled = false;
  // The app's own service worker may answer without a link.
  private readonly covered = "covered" in document.documentElement.dataset;
  private readonly own = this.api();
  private attending: Promise<void> | undefined;
  private keeper: Promise<Guests> | undefined;
  private readonly bodies = new Map<string, Blob>();
  private asking: Promise<Asking> | undefined;
  private loading = false; // the frame has been told to load the app
  private note: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly beginning: Beginning,
    private readonly pages: Pages,
    private readonly screen: Screen,
    private readonly hidden?: HiddenShell,
  ) {
    this.worker = beginning.worker;
    this.frame = new Frame({
      bare: (page) => this.arrive({ ...page, posted: page.posted && this.sent !== undefined }),
      whole: (shown, status) => this.look(shown, status),
      closed: () => {
        if (this.pages.cover === "progress") this.pages.clear();
      },
      blocked: (origin) => pages.departure(origin),
    });
    this.history = new FrameHistory({
      resend: (form, url, again) => this.resend(form, url, again),
      stay: () => {
        if (pages.cover === "app") pages.clear();
      },
    });
    this.connector = new Connector(beginning, {
      state: (state) => this.moved(state),
      relayAtHand: () => setTimeout(() => this.viaRelay(), RELAY_MS),
      refused: (refusal) => this.refused(refusal),
      fruitless: (reached, delayMs) => this.fruitless(reached, delayMs),
      outdated: () => this.outdated(),
      incapable: () => this.incapable(),
    });
    this.serviceWorker = new ServiceWorkerLink(
      this.worker,
      hidden?.cross ?? window.top !== window,
      hidden !== undefined,
      {
        download: (sure, empty) => this.downloading(sure, empty),
        form: (form) => {
          this.sent = form;
        },
        guest: (news) => this.guestNews(news),
        sibling: (asked) => void this.siblings().then((asking) => asking.ask(asked)),
        led: () => this.history.began || ledHere(),
        first: () => (this.state === "open" && !this.hidden ? this.first : undefined),
      },
      this.cookies,
    );
    followTop({
      shown: () => (this.history.began ? this.frame.window?.location.href : undefined),
      go: (url, how) => this.history.go(url, how),
      busted: (wild) => this.busted(wild),
    });
    // Said by an opener, or by the app to its `top`.
    window.addEventListener("message", (event) => {
      if (event.source !== null) this.page?.hear(event);
    });
    Object.defineProperty(window, SHELL_PROPERTY, { value: this.own });
  }

  start(): void {
    this.serviceWorker.start().then(
      () => {
        this.controlled = true;
        performance.mark("p2claw-controlled");
        this.load();
      },
      (error: unknown) => this.broken(error),
    );
    if (this.covered) void this.guests();
    this.connector.start();
    // The attempt that it is about is known by now.
    this.beginning.hear((message) => this.receive(message));
    // Beside all else: hardly any browser fails here.
    void verifiesKeys().then((can) => can || this.incapable());
    const hurry = (): void => {
      this.connector.hurry();
      this.pages.hurry();
    };
    window.addEventListener("online", hurry);
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) hurry();
    });
    // Out of the back/forward cache comes a page whose link is long gone.
    window.addEventListener("pageshow", (event) => {
      if (event.persisted) reloadTab();
    });
  }

  // What the frame loads first.
  private get first(): { url: string; referrer: string } {
    const referrer = this.history.referrer ?? documentOfTab.referrer;
    return { url: location.href.split("#", 1)[0] ?? "", referrer };
  }

  private api(): ShellApi {
    const recodes = (): boolean => this.serviceWorker.recodes;
    return {
      lock: LOCK,
      get recodes() {
        return recodes();
      },
      tab: window,
      frame: () => this.frame.window,
      arrive: (page) => this.arrive(page),
      moved: (how, url, state) => this.history.moved(how, url, state),
      leaving: (how) => this.history.leaving(how),
      reloads: () => this.reloads(),
      stayed: () => this.history.stayed(),
      post: (to, ...said) => to.postMessage(...said),
      depart: (url, how) => {
        if (how === "push" || (how === undefined && this.history.pushes)) location.assign(url);
        else location.replace(url);
      },
      body: (id, body, progress) => {
        if (progress) this.progress.set(id, progress);
        this.bodies.set(id, body);
        this.tell({ kind: "body", id, body });
      },
      formBody: (id, form) => this.keepForm(id, form),
      bodyDone: (id) => {
        this.progress.delete(id);
        this.bodies.delete(id);
        this.tell({ kind: "body-done", id });
      },
      socket: (id, port, url) => {
        if (isOwn(url)) this.tell({ kind: "socket", id, port }, port);
        else void this.siblings().then((asking) => asking.socket(id, port));
      },
      late: loadLate,
      guests: () => this.guests(),
      say: (text) => {
        this.say(text);
        setTimeout(() => this.say(undefined), SAID_MS);
      },
      nested: async (url) => {
        this.frame.known(this.frame.document); // it is no page of the app
        const intercepted = await this.serviceWorker.isIntercepted();
        if (intercepted) await this.serviceWorker.announce(url.split("#", 1)[0] ?? url);
        else this.broken(new Bypassed());
        return intercepted;
      },
      cookies: this.cookies,
      fetch: (url, init) =>
        isOwn(url) ? fetch(url, init) : this.siblings().then((asking) => asking.fetch(url, init)),
    };
  }

  // Where that part cannot be had, the app's own 401 is seen.
  private async signIn(id: number, question: SignInQuestion): Promise<void> {
    const nobody: SignedIn = { field: undefined, basic: [] };
    // A person sees no dialog of a hidden frame.
    const { field, basic } = await (this.hidden ? Promise.reject(new Error()) : loadLate())
      .then((late) => late.signIn(question))
      .catch(() => nobody);
    this.tell({ kind: "signed-in", id, field, basic });
  }

  private receive(message: WorkerToShell): void {
    switch (message.kind) {
      case "progress":
        this.progress.get(message.id)?.(message.sentBytes);
        return;
      case "sign-in":
        void this.signIn(message.id, message);
        return;
      case "notice":
        console.warn(message.text);
        return;
      case "open":
      case "goaway":
      case "lost":
      case "suspect":
      case "fine":
      case "placed":
        this.connector.receive(message);
        return;
      default:
        message satisfies never;
    }
  }

  private guests(): Promise<Guests> {
    const url: string = __GUEST_URL__;
    const ask: GuestHome["ask"] = (message, given) => this.serviceWorker.guest(message, given);
    return (this.keeper ??= import(url).then(({ keepGuests }: GuestModule) =>
      keepGuests({ lock: LOCK, ask }),
    ));
  }

  private siblings(): Promise<Asking> {
    const { bodies, progress } = this;
    return (this.asking ??= loadSibling().then(({ askSiblings }) =>
      askSiblings({ bodies, progress }),
    ));
  }

  // What is new, none needs to know of who has not asked.
  private guestNews(news: GuestNews): void {
    const keeper = news.do === "wanted" ? this.guests() : this.keeper;
    void keeper?.then((guests) => guests.news(news));
  }

  // Once the link is open and requests are intercepted; later documents load by themselves.
  private load(): void {
    if (this.loading || !this.controlled) return;
    if (this.hidden) {
      this.hidden.ready();
      return;
    }
    if (this.state !== "open" && !this.covered) return;
    this.loading = true;
    const url = location.href;
    const { serviceWorker, first } = this;
    const document = first.url;
    const { firstMode } = serviceWorker;
    const known = firstMode === "default" ? undefined : serviceWorker.mode(document, firstMode);
    const ready = Promise.all([serviceWorker.announce(document, first.referrer), known]);
    const start = (): void =>
      void ready.then(() => {
        performance.mark("p2claw-frame");
        this.frame.start(url);
      });
    const { form } = this.history;
    // A tab that is itself the answer to a form has sent it by now; the browser has asked.
    if (!form || "posted" in documentOfTab.documentElement.dataset) start();
    else this.resend(form, url, start);
  }

  private arrive(page: AppPage): Arrival {
    this.frame.known(page.window.document);
    this.page = page;
    if (page.problem !== undefined) this.appProblem(page.problem);
    else if (!page.tab) this.pages.clear();
    this.tab.follow(page.window);
    this.attend();
    this.serviceWorker.arrived();
    for (const id of this.forms.splice(0)) this.tell({ kind: "body-done", id });
    const { sent } = this;
    this.sent = undefined;
    const arrival = this.history.arrive(page, sent);
    if (page.tab) this.isolate(page.tab, arrival.type);
    return arrival;
  }

  // A browser isolates a page for what the top of its tab says, and that alone.
  private isolate(policy: TabPolicy, type: string | undefined): void {
    const url = location.href.split("#", 1)[0] ?? "";
    void this.serviceWorker.post({ kind: "isolate", url, policy }).then(() => reloadAs(type));
  }

  // Once a page has come: nobody waits for this.
  private attend(): void {
    const url: string = __CLOSING_URL__;
    this.attending ??= import(url).then(({ attend }: ClosingModule) =>
      attend(this.own, this.worker, () => this.cookies.writes),
    );
  }

  // What browsers draw in place of a document, though not in a frame.
  private look(shown: Document, status: number): void {
    const { body, contentType } = shown;
    if (/\bxml$/.test(contentType)) {
      loadLate().then(
        (late) => late.showTree(shown),
        () => undefined,
      );
    }
    if (status < 400 || !body || body.hasChildNodes() || shown.title) return;
    const text = [`It answered ${status} and nothing else.`];
    this.pages.app("app-empty", () => this.frame.reload(), { text });
  }

  // What a page came of by POST is not done twice unasked.
  private resend(form: SentForm, url: string, again: () => void): void {
    const { body, contentType } = form;
    if (!body) {
      this.pages.app("form-gone", again);
      return;
    }
    this.pages.app("resend", () => {
      const id = crypto.randomUUID();
      this.keepForm(id, form);
      const document = url.split("#", 1)[0] ?? url;
      void this.serviceWorker.post({ kind: "post", id, url: document, contentType }).then(again);
    });
  }

  private reloads(): boolean {
    const { form } = this.history;
    if (!form || this.sent) return false; // or it is sent again just now
    this.resend(form, location.href, () => {
      this.history.leaving("reload");
      this.frame.reload();
    });
    return true;
  }

  private busted(wild: boolean): void {
    const page = this.frame.window;
    const explain = (): void => this.pages.link("frame-busting", reloadTab, undefined);
    if (wild) explain();
    if (wild || !page) return;
    const look = (): void => {
      if (page.document.readyState === "complete" && !unhide(page)) explain();
    };
    page.addEventListener("load", look);
    look();
  }

  private keepForm(id: string, form: SentForm): void {
    this.forms.push(id);
    // One of our own: what a page made cannot be read any more once the page is gone.
    const body = form.body && new Blob([form.body]);
    this.sent = { ...form, body };
    if (body) this.tell({ kind: "body", id, body });
  }

  private moved(state: LinkState): void {
    this.state = state;
    performance.mark(`p2claw-${state}`); // for whoever asks where the time of a visit goes
    if (state === "finding") this.relay = false;
    this.waits(state);
    if (state === "open") this.load();
    this.show();
  }

  private show(): void {
    const { state } = this;
    const { cover } = this.pages;
    if (state === "open") {
      this.say(undefined);
      // What was asked for meanwhile has failed; a problem of the link is none any more.
      if (cover === "app") this.pages.hurry();
      if (cover === "link" && this.loading && this.history.began) this.pages.clear();
      else if (cover === "link") this.pages.progress(state, false);
    } else if (cover === "none") {
      this.note ??= setTimeout(() => this.say("Reconnecting…"), NOTE_MS);
    }
    // A page about the link stays while the link is tried again: no flicker.
    if (this.pages.cover === "progress") this.pages.progress(state, this.relay);
  }

  private say(text: string | undefined): void {
    clearTimeout(this.note);
    this.note = undefined;
    this.screen.note(text);
  }

  private viaRelay(): void {
    if (this.state !== "connecting") return;
    this.relay = true;
    this.show();
  }

  private refused(refusal: Refusal): number | undefined {
    // Over an app that is in use a line is enough, where waiting helps.
    const inUse = this.pages.cover === "none";
    const inS = this.pages.refused(refusal, () => this.connector.start());
    if (inUse && inS !== undefined) {
      this.pages.clear();
      this.say("The box is away. Waiting for it…");
    } else {
      this.say(undefined);
    }
    return inS;
  }

  // delayMs: until the next try; 0: one is under way, and only a reload begins another.
  private fruitless(reached: boolean, delayMs: number): void {
    const { cover } = this.pages;
    if (cover === "none" || cover === "app") return;
    const act = delayMs ? (): void => this.connector.hurry() : reloadTab;
    this.pages.link(reached ? "no-path" : "unreachable", act, delayMs / 1_000);
  }

  private appProblem(code: string): void {
    this.pages.app(isProblemCode(code) ? code : "lost", () => this.frame.reload());
  }

  // Once: where the box is the older one a newer shell does not help.
  private outdated(): void {
    const again = (): void => void this.serviceWorker.update().then(reloadTab);
    if (isRecent(this.reloadedMs)) {
      this.pages.link("version", again, undefined);
      return;
    }
    noteReload();
    again();
  }

  private downloading(sure: boolean, empty: boolean): void {
    if (!sure) {
      const before = this.frame.document;
      setTimeout(() => this.frame.document === before && this.downloading(true, empty), COMMIT_MS);
      return;
    }
    this.history.stayed();
    // With an app in view the browser's own sign of a download is enough.
    const code = empty ? "no-content" : "download";
    if (this.pages.cover === "progress") this.pages.app(code, () => undefined);
  }

  private incapable(): void {
    this.connector.stop();
    this.pages.link("old-browser", reloadTab, undefined);
  }

  private broken(error: unknown): void {
    const bypassed = error instanceof Bypassed;
    if (!bypassed && !(error instanceof NoServiceWorker)) throw error;
    this.connector.stop();
    const code = bypassed ? "bypassed" : "no-service-worker";
    this.pages.link(code, reloadTab, undefined);
  }

  private tell(message: ShellToWorker, ...given: Transferable[]): void {
    this.worker.postMessage(message, given);
  }
}

// Of what goes over a link: the other app is a sibling.
function isOwn(url: string): boolean {
  return url.startsWith(location.origin);
}

// Who came by a link of another site, or by one that does not say, gets no cookie that is meant for
// visits from here alone: what cannot be known is taken for the worst.
function ledHere(): boolean {
  const [navigation] = performance.getEntriesByType("navigation");
  const again = navigation instanceof PerformanceNavigationTiming && navigation.type !== "navigate";
  return (again && history.state !== null) || document.referrer.startsWith(`${location.origin}/`);
}
