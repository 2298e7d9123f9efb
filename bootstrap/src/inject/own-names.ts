// The app by its other names, where no Service Worker sees it: links, forms, frames, popups and
// the history of a page that calls itself `http://localhost:3000`.

import { ownUrl } from "./own-url";

export function wrapNames(): void {
  // Whatever a person does with a link: click, open in a new tab, copy its address.
  for (const name of ["click", "auxclick", "pointerdown", "contextmenu", "focusin"]) {
    document.addEventListener(name, renameLink, true);
  }
  document.addEventListener("submit", (event) => renameForm(event.target, event), true);
  const open = window.open.bind(window);
  window.open = (url?: string | URL, ...rest) => open((url && ownUrl(url)) ?? url, ...rest);
  renameFrames();
}

function renameLink(event: Event): void {
  const link = event.composedPath().find(isLink);
  const own = link?.href ? ownUrl(link.href) : undefined;
  if (link && own) link.href = own.href;
}

function isLink(node: EventTarget): node is HTMLAnchorElement | HTMLAreaElement {
  return node instanceof HTMLAnchorElement || node instanceof HTMLAreaElement;
}

/** Of a form that is about to be sent, by a person or by the app itself. */
export function renameForm(target: EventTarget | null, event?: Event): void {
  if (!(target instanceof HTMLFormElement)) return;
  const submitter = event instanceof SubmitEvent ? event.submitter : null;
  rename(target, "action");
  if (submitter) rename(submitter, "formaction");
}

function rename(element: Element, attribute: string): void {
  // As attributes: a form may have a field of the name `action`.
  const value = element.getAttribute(attribute);
  const own = value === null ? undefined : ownUrl(value);
  if (own) element.setAttribute(attribute, own.href);
}

// A frame's page is no request of this page. Those that a script makes set `src`; those that stand
// in the page are seen as they are parsed.
function renameFrames(): void {
  const { prototype } = HTMLIFrameElement;
  const src = Object.getOwnPropertyDescriptor(prototype, "src");
  if (src?.set) {
    const { set } = src;
    Object.defineProperty(prototype, "src", {
      ...src,
      set(this: HTMLIFrameElement, url: string) {
        set.call(this, ownUrl(url)?.href ?? url);
      },
    });
  }
  const observer = new MutationObserver((changes) => {
    for (const { addedNodes } of changes) {
      for (const node of addedNodes) {
        if (node instanceof HTMLIFrameElement) rename(node, "src");
      }
    }
  });
  observer.observe(document, { childList: true, subtree: true });
  document.addEventListener("DOMContentLoaded", () => observer.disconnect());
}
