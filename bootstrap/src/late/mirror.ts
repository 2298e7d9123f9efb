// Makes the tab look like the app: what browsers, phones, people and printers take from the document
// at the top.

import { followPrinting } from "./print-copy";
import { icon, manifest } from "./tab-files";

const FETCHED = [
  "icon",
  "apple-touch-icon",
  "apple-touch-icon-precomposed",
  "mask-icon",
  "manifest",
];
// Not `search`: browsers take its file off a server only.
const LINKS = [...FETCHED, "canonical", "alternate"].map((rel) => `[rel~=${rel} i]`).join();
// The shell has a viewport of its own; a policy of referrers would be one for its own requests.
const TAKEN = `meta[name]:not([name=viewport i],[name=referrer i]),link[href]:is(${LINKS}):not([rel~=stylesheet i])`;
const ATTRIBUTES = [
  "name",
  "content",
  "rel",
  "href",
  "media",
  "sizes",
  "type",
  "title",
  "hreflang",
];
const NO_ICON = "data:,";
const OWN_LANGUAGE = [
  ["lang", "en"],
  ["dir", ""],
] as const;

export class Mirror {
  private readonly observer = new MutationObserver(() => this.sync());
  private readonly main = document.querySelector("main");
  private readonly viewport = document.querySelector<HTMLMetaElement>("meta[name=viewport]");
  private readonly ownViewport = this.viewport?.content ?? "";
  private taken = [...document.querySelectorAll("meta[name=color-scheme],link")];
  private markup = "";
  private page: Window | undefined;

  constructor(private readonly host: string) {}

  /** A document is there, perhaps not yet whole. */
  follow(page: Window): void {
    if (!this.page) followPrinting(() => this.page);
    this.page = page;
    const { document: shown } = page;
    this.observer.disconnect();
    const begin = (): void => {
      if (page.document !== shown) return;
      // Not the whole document: an app may change that a thousand times a second.
      const head = { childList: true, subtree: true, characterData: true, attributes: true };
      const root = { childList: true, attributeFilter: ["lang", "dir"] };
      this.observer.observe(shown.documentElement, root);
      if (shown.head) this.observer.observe(shown.head, head);
      if (this.main) this.observer.observe(this.main, { attributeFilter: ["hidden"] });
      this.sync();
    };
    // With the body there the head is whole.
    if (shown.body || shown.readyState !== "loading") {
      begin();
    } else {
      const waiting = new MutationObserver(() => {
        if (!shown.body) return;
        waiting.disconnect();
        begin();
      });
      waiting.observe(shown.documentElement, { childList: true });
    }
    shown.addEventListener("DOMContentLoaded", begin, { once: true });
  }

  private sync(): void {
    const shown = this.page?.document;
    if (!shown) return;
    const title = shown.title || this.host;
    if (document.title !== title) document.title = title;
    // Our own pages are English, and for every width.
    const isApp = this.main?.hidden;
    for (const [name, own] of OWN_LANGUAGE) {
      const theirs = shown.documentElement.getAttribute(name) ?? "";
      document.documentElement.setAttribute(name, isApp ? theirs : own);
    }
    const viewport = [...shown.querySelectorAll<HTMLMetaElement>("meta[name=viewport i]")].at(-1);
    const content = isApp ? (viewport?.content ?? "") : this.ownViewport;
    if (this.viewport && this.viewport.content !== content) this.viewport.content = content;
    this.take([...shown.querySelectorAll<HTMLMetaElement | HTMLLinkElement>(TAKEN)].map(copyOf));
  }

  private take(wanted: (HTMLMetaElement | HTMLLinkElement)[]): void {
    if (!wanted.some((one) => one.matches("[rel~=icon i]"))) {
      const icon = document.createElement("link");
      icon.rel = "icon";
      icon.href = "/favicon.ico";
      wanted.push(icon);
    }
    const markup = wanted.map((one) => one.outerHTML).join("");
    if (markup === this.markup) return;
    this.markup = markup;
    for (const one of wanted) if (one instanceof HTMLLinkElement) void this.give(one, markup);
    for (const one of this.taken) one.remove();
    this.taken = wanted;
    document.head.append(...wanted);
  }

  // Browsers fetch these past the Service Worker: they get them as data.
  private async give(link: HTMLLinkElement, markup: string): Promise<void> {
    const { href, relList } = link;
    if (!FETCHED.some((rel) => relList.contains(rel))) return;
    const isIcon = !relList.contains("manifest");
    if (isIcon) link.href = NO_ICON;
    else link.removeAttribute("href");
    const data = await (isIcon ? icon(href) : manifest(href, () => this.page));
    if (data !== undefined && markup === this.markup) link.href = data;
  }
}

function copyOf(given: HTMLMetaElement | HTMLLinkElement): HTMLMetaElement | HTMLLinkElement {
  const made = document.createElement(given.localName) as typeof given;
  for (const name of ATTRIBUTES) {
    const value = given.getAttribute(name);
    if (value !== null) made.setAttribute(name, value);
  }
  if ("href" in given) made.setAttribute("href", given.href); // by the app's own base
  return made;
}
