// The shell of one app: owns the link, the app's frame and the address bar; outlives the app's pages.

import { type AppPage, SHELL_PROPERTY, type ShellApi } from "../messages/frame-shell";
import type { Late, SignInQuestion, SignedIn } from "../messages/late";
import type { ShellToWorker, WorkerToShell } from "../messages/worker-shell";
import type { Refusal } from "./attempt";
import { Cookies } from "./cookies";
import { Connector } from "./connector";
import { Frame } from "./frame";
import { FrameHistory } from "./frame-history";
import type { LinkState } from "./link-state";
import { Mirror } from "./mirror";
import type { Pages } from "./pages";
import { type Names, isProblemCode } from "./problems";
import type { Screen } from "./screen";
import { Bypassed, LOCK, NoServiceWorker, ServiceWorkerLink } from "./service-worker";
import { visitUrl } from "./signalling";

// A link is mostly back before anyone notices that it was gone.
const NOTE_MS = 1_500;
const RELAY_MS = 2_500;
const SAID_MS = 10_000;

const RELOADED = "p2claw.reloaded";
const RELOADED_MS = 300_000;

export class Shell {
  private readonly worker = new Worker(__WORKER_URL__);
  private readonly mirror = new Mirror(location.hostname);
  private readonly history = new FrameHistory((url) => this.serviceWorker.mode(url, "force-cache"));
  private readonly frame: Frame;
  private readonly connector: Connector;
  private readonly serviceWorker: ServiceWorkerLink;
  private readonly cookies = new Cookies(window.top === window ? "same" : "cross", (write) =>
    this.serviceWorker.wrote(write),
  );
  private readonly progress = new Map<string, (sentBytes: number) => void>();
  private readonly forms: string[] = []; // bodies that no document has come of yet
  private state: LinkState = "idle";
  private relay = false;
  private recodes = false;
  private controlled = false;
  private loading = false; // the frame has been told to load the app
  private note: ReturnType<typeof setTimeout> | undefined;

  constructor(
    names: Names,
    linkKey: string | undefined,
    private readonly pages: Pages,
    private readonly screen: Screen,
  ) {
    const { alias, app } = names;
    this.frame = new Frame({
      bare: (page) => this.arrive(page),
      closed: () => {
        if (this.pages.cover === "progress") this.pages.clear();
      },
      blocked: (origin) => pages.departure(origin),
    });
    const target = { signallingUrl: visitUrl(new URL(location.href), alias, app), alias, linkKey };
    this.connector = new Connector(target, app, this.worker, {
      state: (state) => this.moved(state),
      relayAtHand: () => setTimeout(() => this.viaRelay(), RELAY_MS),
      refused: (refusal) => this.refused(refusal),
      fruitless: (reached, delayMs) => this.fruitless(reached, delayMs),
      outdated: () => this.outdated(),
    });
    this.serviceWorker = new ServiceWorkerLink(
      this.worker,
      window.top !== window,
      {
        download: () => this.downloading(),
        led: () => this.history.began || ledHere(),
      },
      this.cookies,
    );
    this.worker.onmessage = ({ data }: MessageEvent<WorkerToShell>) => this.receive(data);
    Object.defineProperty(window, SHELL_PROPERTY, { value: this.api() });
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
    this.connector.start();
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
      if (event.persisted) location.reload();
    });
  }

  private api(): ShellApi {
    const recodes = (): boolean => this.recodes;
    return {
      lock: LOCK,
      get recodes() {
        return recodes();
      },
      frame: () => this.frame.window,
      arrive: (page) => this.arrive(page),
      moved: (how, url, state) => this.history.moved(how, url, state),
      leaving: (how) => this.history.leaving(how),
      depart: (url, how) => {
        if (how === "push" || (how === undefined && this.history.pushes)) location.assign(url);
        else location.replace(url);
      },
      body: (id, body, progress) => {
        if (progress) this.progress.set(id, progress);
        this.tell({ kind: "body", id, body });
      },
      formBody: (id, body) => {
        this.forms.push(id);
        this.tell({ kind: "body", id, body });
      },
      bodyDone: (id) => {
        this.progress.delete(id);
        this.tell({ kind: "body-done", id });
      },
      socket: (id, port) => this.tell({ kind: "socket", id, port }, port),
      late: () => this.late(),
      say: (text) => {
        this.say(text);
        setTimeout(() => this.say(undefined), SAID_MS);
      },
      nested: async (url) => {
        const intercepted = await this.serviceWorker.isIntercepted();
        if (intercepted) await this.serviceWorker.announce(url.split("#", 1)[0] ?? url);
        else this.broken(new Bypassed());
        return intercepted;
      },
      cookies: this.cookies,
      beacon: (url, init) => void fetch(url, init).catch(() => undefined),
    };
  }

  private late(): Promise<Late> {
    const url: string = __LATE_URL__;
    return import(url).then(({ late }: { late: Late }) => late);
  }

  // Where that part cannot be had, the app's own 401 is seen.
  private async signIn(id: number, question: SignInQuestion): Promise<void> {
    const nobody: SignedIn = { field: undefined, basic: [] };
    const { field, basic } = await this.late()
      .then((late) => late.signIn(question))
      .catch(() => nobody);
    this.tell({ kind: "signed-in", id, field, basic });
  }

  private receive(message: WorkerToShell): void {
    switch (message.kind) {
      case "busy":
        this.serviceWorker.keepAwake();
        return;
      case "progress":
        this.progress.get(message.id)?.(message.sentBytes);
        return;
      case "sign-in":
        void this.signIn(message.id, message);
        return;
      case "open":
      case "goaway":
      case "lost":
        this.connector.receive(message);
        return;
      default:
        message satisfies never;
    }
  }

  // Once the link is open and requests are intercepted; later documents load by themselves.
  private load(): void {
    if (this.loading || !this.controlled || this.state !== "open") return;
    this.loading = true;
    const url = location.href;
    const document = url.split("#", 1)[0] ?? url;
    const { serviceWorker } = this;
    const { firstMode } = serviceWorker;
    const known = firstMode === "default" ? undefined : serviceWorker.mode(document, firstMode);
    void Promise.all([serviceWorker.announce(document), serviceWorker.recodes(), known]).then(
      ([, recodes]) => {
        this.recodes = recodes;
        performance.mark("p2claw-frame");
        this.frame.start(url);
      },
    );
  }

  private arrive(page: AppPage): { state: unknown; restore: boolean } {
    this.frame.known(page);
    if (page.problem === undefined) this.pages.clear();
    else this.appProblem(page.problem);
    this.mirror.follow(page.window);
    for (const id of this.forms.splice(0)) this.tell({ kind: "body-done", id });
    return this.history.arrive(page);
  }

  private moved(state: LinkState): void {
    this.state = state;
    performance.mark(`p2claw-${state}`); // for whoever asks where the time of a visit goes
    if (state === "finding") this.relay = false;
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

  private fruitless(reached: boolean, delayMs: number): void {
    const { cover } = this.pages;
    if (cover === "none" || cover === "app") return;
    const act = (): void => this.connector.hurry();
    this.pages.link(reached ? "no-path" : "unreachable", act, delayMs / 1_000);
  }

  private appProblem(code: string): void {
    this.pages.app(isProblemCode(code) ? code : "lost", () => this.frame.reload());
  }

  // Once: where the box is the older one a newer shell does not help.
  private outdated(): void {
    const again = (): void => void this.serviceWorker.update().then(() => location.reload());
    const lastMs = Number(sessionStorage.getItem(RELOADED));
    if (Date.now() - lastMs < RELOADED_MS) {
      this.pages.link("version", again, undefined);
      return;
    }
    sessionStorage.setItem(RELOADED, String(Date.now()));
    again();
  }

  private downloading(): void {
    // With an app in view the browser's own sign of a download is enough.
    if (this.pages.cover === "progress") this.pages.app("download", () => undefined);
  }

  private broken(error: unknown): void {
    const bypassed = error instanceof Bypassed;
    if (!bypassed && !(error instanceof NoServiceWorker)) throw error;
    this.connector.stop();
    const code = bypassed ? "bypassed" : "no-service-worker";
    this.pages.link(code, () => location.reload(), undefined);
  }

  private tell(message: ShellToWorker, ...given: Transferable[]): void {
    this.worker.postMessage(message, given);
  }
}

// Who came by a link of another site, or by one that does not say, gets no cookie that is meant for
// visits from here alone: what cannot be known is taken for the worst.
function ledHere(): boolean {
  const [navigation] = performance.getEntriesByType("navigation");
  const again = navigation instanceof PerformanceNavigationTiming && navigation.type !== "navigate";
  return (again && history.state !== null) || document.referrer.startsWith(`${location.origin}/`);
}
