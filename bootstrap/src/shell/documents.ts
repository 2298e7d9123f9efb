// The documents of the app's frame, from the first one on: how each is asked for, what happens as it
// comes, and what a person sees in place of one that shows nothing.

import type { AppPage, Arrival, SentForm } from "../messages/frame-shell";
import { isProblemCode } from "../messages/problems";
import { invitedTo } from "./address";
import { Frame, type FrameOwner } from "./frame";
import { FrameHistory, type HistoryOwner } from "./frame-history";
import type { Pages } from "./pages";
import { loadLate } from "./parts";
import type { SentForms } from "./sent-forms";
import type { ServiceWorkerLink } from "./service-worker";
import { Tab } from "./tab";
import { reloadAs, tabType } from "./tab-type";
import { type TopSteps, followTop, isBusted, reloadTab } from "./top-steps";
import { withoutFragment } from "./urls";

// By then a document that the browser shows is there, whole or not.
const COMMIT_MS = 2_000;

export class Documents implements FrameOwner, HistoryOwner, TopSteps {
  readonly frame = new Frame(this);
  readonly history = new FrameHistory(this);
  /** The one in view. */
  page: AppPage | undefined;
  private readonly tab = new Tab();

  constructor(
    private readonly pages: Pages,
    private readonly serviceWorker: ServiceWorkerLink,
    private readonly forms: SentForms,
    private readonly came: () => void,
  ) {
    followTop(this);
  }

  private get here(): string {
    return location.pathname + location.search;
  }

  private get start(): string {
    const invited = invitedTo(location.hash, this.here);
    return invited ? location.origin + invited : location.href;
  }

  /** What the frame loads first. */
  get first(): { url: string; referrer: string } {
    return {
      url: withoutFragment(this.start),
      referrer: this.history.referrer ?? document.referrer,
    };
  }

  /** Load the first one, where the tab is. */
  load(): void {
    if (isBusted(tabType)) {
      this.pages.app("frame-busting", reloadTab);
      return;
    }
    const { serviceWorker, first, history } = this;
    const url = this.start;
    // The app never sees it. Until now a reload had to find it.
    if (url !== location.href) window.history.replaceState(window.history.state, "", this.here);
    const { firstMode } = serviceWorker;
    const known = firstMode === "default" ? undefined : serviceWorker.mode(first.url, firstMode);
    const ready = Promise.all([serviceWorker.announce(first.url, first.referrer), known]);
    const start = (): void =>
      void ready.then(() => {
        performance.mark("p2claw-frame");
        this.frame.start(url);
      });
    const { form } = history;
    // If the tab itself is the response to a form, the browser has asked, and sent the form again by now.
    if (!form || "posted" in document.documentElement.dataset) start();
    else this.resend(form, url, start);
  }

  arrive(page: AppPage): Arrival {
    this.frame.known(page.window.document);
    this.page = page;
    if (page.problem !== undefined) this.failed(page.problem);
    else if (!page.tab) this.pages.clear();
    this.tab.follow(page.window);
    this.came();
    this.serviceWorker.arrived();
    const arrival = this.history.arrive(page, this.forms.arrived());
    if (page.tab) {
      // A browser isolates a page by the headers of the top of its tab alone.
      void this.serviceWorker
        .post({ kind: "isolate", url: withoutFragment(location.href), policy: page.tab })
        .then(() => reloadAs(arrival.type));
    }
    return arrival;
  }

  /** The app reloads the document. true: it is the response to a form, and a person is asked first. */
  reloads(): boolean {
    const { form } = this.history;
    if (!form || this.forms.last) return false; // or it is sent again just now
    this.resend(form, location.href, () => {
      this.history.leaving("reload");
      this.frame.reload();
    });
    return true;
  }

  /** In place of a document comes a file that is saved, or nothing. sure: or so it seems. */
  downloading(sure: boolean, empty: boolean): void {
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

  bare(page: AppPage): void {
    this.arrive({ ...page, posted: page.posted && this.forms.last !== undefined });
  }

  // What browsers draw in place of a document, though not in a frame.
  whole(shown: Document, status: number): void {
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

  closed(): void {
    if (this.pages.cover === "progress") this.pages.clear();
  }

  blocked(origin: string): void {
    this.pages.departure(origin);
  }

  // What a page came of by POST is not done twice unasked.
  resend(form: SentForm, url: string, again: () => void): void {
    const { body, contentType } = form;
    if (!body) {
      this.pages.app("form-gone", again);
      return;
    }
    this.pages.app("resend", () => {
      const id = crypto.randomUUID();
      this.forms.form(id, form);
      void this.serviceWorker
        .post({ kind: "post", id, url: withoutFragment(url), contentType })
        .then(again);
    });
  }

  stay(): void {
    if (this.pages.cover === "app") this.pages.clear();
  }

  shown(): string | undefined {
    return this.history.began ? this.frame.window?.location.href : undefined;
  }

  ageMs(): number | undefined {
    return this.history.began ? this.frame.window?.performance.now() : undefined;
  }

  go(url: string, how: "push" | "replace"): void {
    this.history.go(url, how);
  }

  busted(wild: boolean): void {
    const page = this.frame.window;
    const explain = (): void => this.pages.link("frame-busting", reloadTab, undefined);
    if (wild) explain();
    if (wild || !page) return;
    const look = (): void => {
      if (page.document.readyState !== "complete") return;
      loadLate().then((late) => late.unhide(page) || explain(), explain);
    };
    page.addEventListener("load", look);
    look();
  }

  private failed(code: string): void {
    this.pages.app(isProblemCode(code) ? code : "lost", () => this.frame.reload());
  }
}
