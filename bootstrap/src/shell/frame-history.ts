// The session history of the app, kept at the top: a frame's own entries are lost by a reload.
// Every step of the app is an entry of the shell; the frame itself only ever replaces.

import { marked, unmarked } from "../messages/marks";
import type { AppPage, Arrival, SentForm } from "../messages/frame-shell";
import type { Kept } from "../messages/kept";
import { lateHere, loadLate } from "./parts";
import { tabType } from "./tab-type";
import { isOwn, isSameDocument, withoutFragment } from "./urls";

/** What an entry of the top keeps. */
interface Entry {
  p2claw: true;
  key: string;
  /** Its place among the entries. */
  index: number;
  /** The document that made the entry: another one must be loaded again. */
  doc: string;
  /** history.state of the app. */
  app: unknown;
  referrer: string;
  kept: Kept | undefined;
  /** The form whose response the document is. */
  form: { contentType: string; bytes: Uint8Array<ArrayBuffer> | undefined } | undefined;
}

/** Why the next document comes. first: none was there before. own: in place of the one there. */
type Cause = "first" | "push" | "own" | "reload" | "traverse";

export interface HistoryOwner {
  /** The entry that was gone to is a form's; `again` shows it. */
  resend(form: SentForm, url: string, again: () => void): void;
  /** No other document is wanted after all. */
  stay(): void;
}

const KEEP_MS = 250;
// Of a form, in an entry: a larger one is kept as long as this page lives. A Blob in an entry's
// state makes that state null on Back in Chromium.
const FORM_BYTES = 1_048_576;

export class FrameHistory {
  private page: AppPage | undefined;
  private shown: Document | undefined; // of that page
  private cause: Cause = "first";
  /** The entry that the document in view belongs to. */
  private at: Entry | undefined;
  private keeping: ReturnType<typeof setTimeout> | undefined;
  private returning = false;
  /** What was left behind, by the keys of entries: theirs can be written no more. */
  private readonly left = new Map<string, Kept>();
  private readonly sent = new Map<string, SentForm>();

  constructor(private readonly owner: HistoryOwner) {
    history.scrollRestoration = "manual";
    window.addEventListener("popstate", () => this.popped());
  }

  /** The next document is one that the app went to by itself. */
  leaving(how: "push" | "replace" | "reload"): void {
    if (this.cause !== "first") this.cause = how === "replace" ? "own" : how;
    this.keep();
  }

  /** The document that was asked for does not come: a person stays, or it is saved as a file. */
  stayed(): void {
    const now = current();
    if (this.cause === "traverse" && this.at && now && now.key !== this.at.key) {
      this.returning = true;
      history.go(this.at.index - now.index);
    }
    if (this.cause !== "first") this.cause = "own";
  }

  /** The app leads to another document by way of its `top`. */
  go(url: string, how: "push" | "replace"): void {
    this.leaving(how);
    this.page?.go(url);
  }

  /** Whether the next document makes a new entry. */
  get pushes(): boolean {
    return this.cause === "push";
  }

  /** A document has come at all. */
  get began(): boolean {
    return this.page !== undefined;
  }

  /** The form that must be sent again for what the tab shows first. */
  get form(): SentForm | undefined {
    return this.formOf(current());
  }

  /** What led to what the tab shows first; undefined: only the browser knows. */
  get referrer(): string | undefined {
    return current()?.referrer;
  }

  /** A document has come. sent: the form whose response it may be. */
  arrive(page: AppPage, sent: SentForm | undefined): Arrival {
    const { document: shown, history: own } = page.window;
    const href = unmarked(page.window.location.href);
    const { cause } = this;
    const before = current();
    const same = cause === "first" || cause === "traverse" || cause === "reload";
    const entry = same ? before : undefined;
    const kept = entry && (this.left.get(entry.key) ?? entry.kept);
    const first = cause === "first" && !entry;
    const referrer = first ? document.referrer : (entry?.referrer ?? shown.referrer);
    this.cause = "own";
    this.page = page;
    this.shown = shown;
    if (!isOwn(href)) {
      return { state: null, restore: false, type: undefined, referrer: undefined };
    }
    const restore = entry !== undefined && cause !== "reload";
    const key = (cause !== "push" && before?.key) || crypto.randomUUID();
    const written: Entry = {
      p2claw: true,
      key,
      index: (before?.index ?? 0) + (cause === "push" ? 1 : 0),
      doc: entry?.doc ?? crypto.randomUUID(),
      app: restore ? entry.app : cause === "push" ? null : own.state,
      referrer,
      kept,
      form: page.posted ? { contentType: sent?.contentType ?? "", bytes: undefined } : undefined,
    };
    this.write(cause === "push" ? "pushState" : "replaceState", written, href);
    if (written.form && sent) void this.keepForm(key, sent);
    this.follow(page.window);
    const type =
      cause === "first" ? tabType || undefined : cause === "traverse" ? "back_forward" : undefined;
    // A reload begins afresh, and only its place in the page stays.
    const again = kept && type === "reload" ? { ...kept, fields: [] } : restore ? kept : undefined;
    this.restore(page.window, again);
    return { state: entry?.app ?? null, restore, type, referrer: same ? referrer : undefined };
  }

  // At once, where that part is here: before any script of the page.
  private restore(page: Window, kept: Kept | undefined): void {
    const { shown } = this;
    const late = lateHere();
    if (late) late.restore(page, kept);
    else
      loadLate().then(
        (loaded) => {
          if (page.document === shown) loaded.restore(page, kept);
        },
        () => undefined,
      );
  }

  /** The document changed its own URL or state. */
  moved(how: "push" | "replace", url: string, state: unknown): void {
    const { at } = this;
    if (!isOwn(url) || !at) return;
    if (how === "replace") {
      this.write("replaceState", { ...at, app: state }, url);
      return;
    }
    this.keep();
    const key = crypto.randomUUID();
    const entry = { ...at, key, index: at.index + 1, app: state, kept: undefined };
    this.write("pushState", entry, url);
  }

  // Back, forward, or a fragment typed into the address bar.
  private popped(): void {
    clearTimeout(this.keeping);
    if (this.returning) {
      this.returning = false;
      return;
    }
    const { page, at } = this;
    const entry = current();
    const url = location.href;
    if (!page || !at) return;
    if (!entry) {
      const key = crypto.randomUUID();
      const index = at.index + 1;
      this.write("replaceState", { ...at, key, index, app: null, kept: undefined }, url);
      this.cause = "own";
      page.go(url);
      return;
    }
    if (entry.doc === at.doc || isSameDocument(url, page.window.location.href)) {
      this.left.set(at.key, this.kept());
      this.at = entry;
      this.owner.stay();
      const kept = this.left.get(entry.key) ?? entry.kept;
      const { window: shown } = page;
      if (kept) shown.history.scrollRestoration = kept.restoration;
      page.pop(entry.app, url);
      if (kept && shown.history.scrollRestoration === "auto") shown.scrollTo(...kept.scroll);
      return;
    }
    this.left.set(at.key, this.kept());
    this.cause = "traverse";
    // At once: Chromium leads the frame by the frame's own entry too, which mostly is of another
    // document. A browser shows what it has kept, however old: the mark asks for that.
    const same = withoutFragment(url) === withoutFragment(page.window.location.href);
    const go = (): void => page.go(same ? url : marked(url, { cache: "force-cache" }));
    const form = this.formOf(entry);
    if (form) this.owner.resend(form, url, () => page.go(url));
    else go();
  }

  private formOf(entry: Entry | undefined): SentForm | undefined {
    if (!entry?.form) return undefined;
    const { contentType, bytes } = entry.form;
    return this.sent.get(entry.key) ?? { contentType, body: bytes && new Blob([bytes]) };
  }

  private async keepForm(key: string, sent: SentForm): Promise<void> {
    this.sent.set(key, sent);
    const { body, contentType } = sent;
    if (!body || body.size > FORM_BYTES) return;
    const bytes = new Uint8Array(await body.arrayBuffer());
    const { at } = this;
    if (at?.key !== key || current()?.key !== key) return;
    this.write("replaceState", { ...at, form: { contentType, bytes } }, location.href);
  }

  private write(how: "pushState" | "replaceState", entry: Entry, url: string): void {
    history[how](entry, "", url);
    // A copy: what the page changes in its state afterwards is not in its entry.
    this.at = history.state as Entry;
  }

  private follow(page: Window): void {
    const later = (): void => {
      clearTimeout(this.keeping);
      this.keeping = setTimeout(() => {
        if (this.page?.window === page) this.keep();
      }, KEEP_MS);
    };
    for (const type of ["scroll", "input", "change"]) {
      page.addEventListener(type, later, { passive: true, capture: true });
    }
    const { document: shown } = page;
    page.addEventListener("pagehide", () => {
      if (this.page?.window.document === shown && this.at && this.cause !== "traverse") {
        this.left.set(this.at.key, this.kept());
      }
    });
  }

  private kept(): Kept {
    const { shown } = this;
    const { scrollX = 0, scrollY = 0, history: own = history } = shown?.defaultView ?? {};
    const { scrollRestoration: restoration } = own;
    const fields = (shown && lateHere()?.enteredInto(shown)) ?? [];
    return { scroll: [scrollX, scrollY], restoration, fields };
  }

  // Into the entry itself, which outlives this page.
  private keep(): void {
    clearTimeout(this.keeping);
    const { page, at } = this;
    if (!page || !at || current()?.key !== at.key) return;
    const kept = this.kept();
    this.left.set(at.key, kept);
    this.write("replaceState", { ...at, kept }, location.href);
  }
}

function current(): Entry | undefined {
  const state: unknown = history.state;
  return isEntry(state) ? state : undefined;
}

function isEntry(state: unknown): state is Entry {
  return typeof state === "object" && state !== null && "p2claw" in state && "key" in state;
}
