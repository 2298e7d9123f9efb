// The app's frame: the whole viewport, with every permission that the tab itself has.

import type { AppPage } from "../messages/frame-shell";

// What a page at the top of a tab may ask for, and a frame only if it is passed on: for browsers that do
// not list it themselves.
const ALLOW =
  "accelerometer autoplay camera display-capture encrypted-media fullscreen gamepad geolocation gyroscope magnetometer microphone midi payment picture-in-picture publickey-credentials-create publickey-credentials-get screen-wake-lock storage-access web-share xr-spatial-tracking";

export interface FrameOwner {
  /** A document without our script is there: an image, a PDF, plain text. */
  bare(page: AppPage): void;
  /** A document is whole. status: of its response. */
  whole(shown: Document, status: number): void;
  /** A document with an opaque origin is there, a file that may not run: nothing is known of it. */
  closed(): void;
  /** The app left for another site, which a frame of ours may not show. */
  blocked(origin: string): void;
}

export class Frame {
  private readonly element = document.createElement("iframe");
  private announced: Document | undefined;

  constructor(private readonly owner: FrameOwner) {
    const { element } = this;
    element.className = "app";
    element.title = location.hostname; // for screen readers, which name frames
    element.allow = allowed();
    // The first document has no referrer: the shell is not a page that led there.
    element.referrerPolicy = "no-referrer";
    element.addEventListener("load", () => this.loaded());
    document.addEventListener("securitypolicyviolation", (event) => {
      if (event.effectiveDirective === "frame-src") owner.blocked(event.blockedURI);
    });
  }

  get window(): Window | null {
    return this.element.contentWindow;
  }

  /** null: of another origin, or none. */
  get document(): Document | null {
    return this.element.contentDocument;
  }

  start(url: string): void {
    // Not in the body, in whose place a copy is printed.
    document.documentElement.append(this.element);
    // In a task of its own: where the tab came by a hard reload, Firefox would load the first document
    // of a frame past the Service Worker too.
    setTimeout(() => {
      this.element.src = url;
      this.element.referrerPolicy = "";
    });
  }

  reload(): void {
    this.window?.location.reload();
  }

  /** Our script runs in this document: its load needs no other notice. */
  known(shown: Document | null): void {
    this.announced = shown ?? undefined;
  }

  private loaded(): void {
    const shown = this.window;
    if (!shown) return;
    if (!isReadable(shown)) {
      this.owner.closed();
      return;
    }
    if (shown.location.href === "about:blank") return;
    if (shown.document !== this.announced) {
      this.announced = shown.document;
      const go = (url: string): void => shown.location.replace(url);
      this.owner.bare({
        window: shown,
        problem: undefined,
        tab: undefined,
        posted: !isRedirected(shown),
        go,
        pop: (_, url) => go(url),
        deliver: () => undefined,
      });
    }
    this.owner.whole(shown.document, statusOf(shown));
    this.focus(shown);
  }

  // Not before the load: browsers then ignore `autofocus`. Of a tab they regard that of the first
  // page alone, so that of a later one is regarded here.
  private focus(shown: Window): void {
    if (!document.hasFocus()) return;
    if (document.activeElement !== this.element) this.element.focus();
    if (shown.document.activeElement === shown.document.body) {
      shown.document.querySelector<HTMLElement>("[autofocus]")?.focus();
    }
  }
}

// For each one that it does not know a browser that lists them would log a warning.
function allowed(): string {
  const policy: unknown = Reflect.get(document, "featurePolicy");
  const features = isPolicy(policy) ? policy.features() : ALLOW.split(" ");
  return features.map((feature) => `${feature} *`).join(";");
}

function isPolicy(policy: unknown): policy is { features: () => string[] } {
  return typeof policy === "object" && policy !== null && "features" in policy;
}

function statusOf({ performance: timing }: Window): number {
  const [entry] = timing.getEntriesByType("navigation");
  return (entry && "responseStatus" in entry && Number(entry.responseStatus)) || 0;
}

// If the form led to a redirect, which is followed by GET.
function isRedirected({ performance: timing }: Window): boolean {
  const [entry] = timing.getEntriesByType("navigation");
  return entry !== undefined && "redirectCount" in entry && entry.redirectCount !== 0;
}

function isReadable(shown: Window): boolean {
  try {
    return typeof shown.location.href === "string";
  } catch {
    return false;
  }
}
