// The session history of the app, kept at the top: a frame's own entries are lost by a reload.
// Every step of the app is an entry of the shell; the frame itself only ever replaces.

import type { AppPage } from "../messages/frame-shell";

/** What an entry of the top keeps. */
interface Entry {
  p2claw: true;
  /** The document that made the entry: another one must be loaded again. */
  doc: string;
  /** history.state of the app. */
  app: unknown;
  scroll: [x: number, y: number] | undefined;
}

/** Why the next document comes. first: none was there before. */
type Cause = "first" | "push" | "traverse" | "own";

const SCROLL_MS = 250;

export class FrameHistory {
  private doc = "";
  private page: AppPage | undefined;
  private cause: Cause = "first";
  private scrolled: ReturnType<typeof setTimeout> | undefined;

  /** back: said before a document is loaded again on Back or Forward, from the cache if it is there. */
  constructor(private readonly back: (url: string) => Promise<void>) {
    history.scrollRestoration = "manual";
    window.addEventListener("popstate", () => this.popped());
  }

  /** The next document is one that the app went to by itself, for a new entry or in place. */
  leaving(how: "push" | "replace"): void {
    if (this.cause !== "first") this.cause = how === "push" ? "push" : "own";
  }

  /** Whether the next document makes a new entry. */
  get pushes(): boolean {
    return this.cause === "push";
  }

  /** A document has come at all. */
  get began(): boolean {
    return this.page !== undefined;
  }

  /** A document has come. Answers with the state that the app finds in its own history. */
  arrive(page: AppPage): { state: unknown; restore: boolean } {
    const url = page.window.location.href;
    const { cause } = this;
    this.cause = "own";
    this.page = page;
    this.doc = crypto.randomUUID();
    if (!isOurs(url)) return { state: null, restore: false };
    const kept = cause === "first" || cause === "traverse" ? current() : undefined;
    if (cause === "push") this.write("pushState", url, null, undefined);
    else this.write("replaceState", url, kept ? kept.app : page.window.history.state, kept?.scroll);
    this.followScroll(page.window);
    if (kept?.scroll) this.scrollWhenLoaded(page.window, kept.scroll);
    return { state: kept?.app ?? null, restore: kept !== undefined };
  }

  /** The document changed its own URL or state. */
  moved(how: "push" | "replace", url: string, state: unknown): void {
    if (!isOurs(url)) return;
    if (how === "push") {
      this.keepScroll();
      this.write("pushState", url, state, undefined);
    } else {
      this.write("replaceState", url, state, current()?.scroll);
    }
  }

  // Back, forward, or a fragment typed into the address bar.
  private popped(): void {
    clearTimeout(this.scrolled);
    const entry = current();
    const url = location.href;
    if (!entry) {
      this.write("replaceState", url, null, undefined);
      this.cause = "own";
      this.page?.go(url);
      return;
    }
    if (entry.doc === this.doc || isSameDocument(url, this.page?.window.location.href)) {
      this.page?.pop(entry.app, url);
      if (entry.scroll) this.page?.window.scrollTo(...entry.scroll);
      return;
    }
    this.cause = "traverse";
    void this.back(url).then(() => {
      if (location.href === url) this.page?.go(url);
    });
  }

  private write(
    how: "pushState" | "replaceState",
    url: string,
    app: unknown,
    scroll: Entry["scroll"],
  ): void {
    const entry: Entry = { p2claw: true, doc: this.doc, app, scroll };
    history[how](entry, "", url);
  }

  private followScroll(page: Window): void {
    const later = (): void => {
      clearTimeout(this.scrolled);
      this.scrolled = setTimeout(() => {
        if (this.page?.window === page) this.keepScroll();
      }, SCROLL_MS);
    };
    page.addEventListener("scroll", later, { passive: true });
  }

  private keepScroll(): void {
    clearTimeout(this.scrolled);
    const entry = current();
    if (!entry || !this.page) return;
    const { scrollX, scrollY } = this.page.window;
    history.replaceState({ ...entry, scroll: [scrollX, scrollY] } satisfies Entry, "");
  }

  private scrollWhenLoaded(page: Window, scroll: [number, number]): void {
    const restore = (): void => {
      if (page.history.scrollRestoration === "auto" && !page.scrollX && !page.scrollY) {
        page.scrollTo(...scroll);
      }
    };
    page.addEventListener("load", restore, { once: true });
  }
}

function current(): Entry | undefined {
  const state: unknown = history.state;
  return isEntry(state) ? state : undefined;
}

function isEntry(state: unknown): state is Entry {
  return typeof state === "object" && state !== null && "p2claw" in state;
}

function isOurs(url: string): boolean {
  return url.startsWith(`${location.origin}/`);
}

// Only the fragments differ: the browser would load nothing.
function isSameDocument(url: string, other: string | undefined): boolean {
  if (other === undefined || url === other) return false;
  return url.includes("#") && url.split("#", 1)[0] === other.split("#", 1)[0];
}
