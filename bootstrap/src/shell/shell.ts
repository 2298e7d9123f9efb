// The shell of one app: owns the link, the app's frame and the address bar; outlives the app's pages.

import { SHELL_PROPERTY, type SentForm, type ShellApi } from "../messages/frame-shell";
import type { GuestNews } from "../messages/guest";
import type { GuestHome, Guests } from "../messages/guest-page";
import type { SignInQuestion, SignedIn } from "../messages/late";
import type { Asking, HiddenShell, SiblingAsk } from "../messages/sibling";
import type { ShellToWorker, WorkerToShell } from "../messages/worker-shell";
import type { Beginning } from "./beginning";
import { verifiesKeys } from "./browser";
import { Cookies } from "./cookies";
import { Documents } from "./documents";
import { LinkPages, type LinkPagesOwner } from "./link-pages";
import type { Pages } from "./pages";
import { lateHere, loadClosing, loadGuests, loadLate, loadSibling } from "./parts";
import type { Screen } from "./screen";
import { SentForms } from "./sent-forms";
import { Bypassed, LOCK, ServiceWorkerLink, type ServiceWorkerOwner } from "./service-worker";
import { NoServiceWorker } from "./sw-control";
import { reloadTab } from "./top-steps";
import { isOwn, withoutFragment } from "./urls";

const LINE_MS = 10_000; // how long a line of text is shown

export class Shell implements LinkPagesOwner, ServiceWorkerOwner {
  private readonly worker: Worker;
  private readonly link: LinkPages;
  private readonly forms: SentForms;
  private readonly serviceWorker: ServiceWorkerLink;
  private readonly documents: Documents;
  private readonly cookies = new Cookies(window.top === window ? "same" : "cross", (write) =>
    this.serviceWorker.wrote(write),
  );
  private controlled = false;
  // The app's own service worker may respond without a link.
  private readonly covered = "covered" in document.documentElement.dataset;
  private readonly own: ShellApi;
  private attending: Promise<void> | undefined;
  private keeper: Promise<Guests> | undefined;
  private asking: Promise<Asking> | undefined;
  private loading = false; // the frame loads the app, or has loaded it

  constructor(
    private readonly beginning: Beginning,
    private readonly pages: Pages,
    screen: Screen,
    private readonly hidden?: HiddenShell,
  ) {
    this.worker = beginning.worker;
    this.forms = new SentForms(this.worker);
    this.link = new LinkPages(beginning, pages, screen, this);
    this.serviceWorker = new ServiceWorkerLink(
      this.worker,
      hidden?.cross ?? window.top !== window,
      hidden !== undefined,
      this,
      this.cookies,
    );
    this.documents = new Documents(pages, this.serviceWorker, this.forms, () => this.attend());
    this.own = this.api();
    // Posted by an opener, or by the app to its `top`.
    window.addEventListener("message", (event) => {
      if (event.source !== null) this.documents.page?.deliver(event);
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
    const { connector } = this.link;
    connector.start();
    // The attempt that it is about is known by now.
    this.beginning.listen((message) => this.receive(message));
    // Beside all else: hardly any browser fails here.
    void verifiesKeys().then((can) => can || this.link.incapable());
    const hurry = (): void => {
      connector.hurry();
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

  get hasApp(): boolean {
    return this.loading && this.documents.history.began;
  }

  /**
   * Once the box is reached and requests are intercepted; later documents load by themselves. The
   * first request is then at the worker when the link opens, and goes with HELLO.
   */
  load(): void {
    if (this.loading || !this.controlled) return;
    if (this.hidden) {
      this.hidden.ready();
      return;
    }
    if (!this.link.isNear && !this.covered) return;
    this.loading = true;
    this.documents.load();
  }

  async update(): Promise<void> {
    await (await loadLate()).update();
  }

  download(sure: boolean, empty: boolean): void {
    this.documents.downloading(sure, empty);
  }

  form(form: SentForm): void {
    this.forms.last = form;
  }

  // Only pages that have asked for the app's service workers need the news of them.
  guest(news: GuestNews): void {
    const keeper = news.do === "wanted" ? this.guests() : this.keeper;
    void keeper?.then((guests) => guests.news(news));
  }

  sibling(asked: SiblingAsk): void {
    void this.siblings().then((asking) => asking.ask(asked));
  }

  led(): boolean {
    return this.documents.history.began || ledHere();
  }

  first(): { url: string; referrer: string } | undefined {
    return this.link.isNear && !this.hidden ? this.documents.first : undefined;
  }

  private api(): ShellApi {
    const { serviceWorker, documents, forms, link } = this;
    const { frame, history } = documents;
    return {
      lock: LOCK,
      get recodes() {
        return serviceWorker.recodes;
      },
      tab: window,
      frame: () => frame.window,
      arrive: (page) => documents.arrive(page),
      moved: (how, url, state) => history.moved(how, url, state),
      leaving: (how) => history.leaving(how),
      reloads: () => documents.reloads(),
      stayed: () => history.stayed(),
      post: (to, ...message) => to.postMessage(...message),
      depart: (url, how) => {
        if (how === "push" || (how === undefined && history.pushes)) location.assign(url);
        else location.replace(url);
      },
      body: (id, body, progress) => forms.body(id, body, progress),
      formBody: (id, form) => forms.form(id, form),
      bodyDone: (id) => forms.done(id),
      socket: (id, port, url) => {
        if (isOwn(url)) this.post({ kind: "socket", id, port }, port);
        else void this.siblings().then((asking) => asking.socket(id, port));
      },
      late: loadLate,
      lateHere,
      guests: () => this.guests(),
      showLine: (text) => {
        link.line(text);
        setTimeout(() => link.line(), LINE_MS);
      },
      nested: async (url) => {
        frame.known(frame.document); // it is no page of the app
        const intercepted = await serviceWorker.isIntercepted();
        if (intercepted) await serviceWorker.announce(withoutFragment(url));
        else this.broken(new Bypassed());
        return intercepted;
      },
      cookies: this.cookies,
      size: (url) => this.serviceWorker.sizes.get(url.split("#", 1)[0] ?? url),
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
    this.post({ kind: "signed-in", id, field, basic });
  }

  private receive(message: WorkerToShell): void {
    switch (message.kind) {
      case "progress":
        this.forms.progress.get(message.id)?.(message.sentBytes);
        return;
      case "sign-in":
        void this.signIn(message.id, message);
        return;
      case "notice":
        console.warn(message.text);
        return;
      default:
        this.link.connector.receive(message);
    }
  }

  private guests(): Promise<Guests> {
    const ask: GuestHome["ask"] = (message, ports) => this.serviceWorker.guest(message, ports);
    return (this.keeper ??= loadGuests().then(({ keepGuests }) => keepGuests({ lock: LOCK, ask })));
  }

  private siblings(): Promise<Asking> {
    return (this.asking ??= loadSibling().then(({ askSiblings }) => askSiblings(this.forms)));
  }

  // Once a page has come: nobody waits for this.
  private attend(): void {
    this.attending ??= loadClosing().then(({ attend }) =>
      attend(this.own, this.worker, () => this.cookies.writes),
    );
  }

  private broken(error: unknown): void {
    const bypassed = error instanceof Bypassed;
    if (!bypassed && !(error instanceof NoServiceWorker)) throw error;
    this.link.giveUp(bypassed ? "bypassed" : "no-service-worker");
  }

  private post(message: ShellToWorker, ...transferred: Transferable[]): void {
    this.worker.postMessage(message, transferred);
  }
}

// A visit by a link of another site gets no cookie that is meant for visits from here alone. If the
// browser does not say where the link was, the visit counts as one from another site.
function ledHere(): boolean {
  const [navigation] = performance.getEntriesByType("navigation");
  const again = navigation instanceof PerformanceNavigationTiming && navigation.type !== "navigate";
  return (again && history.state !== null) || isOwn(document.referrer);
}
