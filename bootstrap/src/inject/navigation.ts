// Every step of the app becomes one of the shell's history: the frame itself only ever replaces.
// And what leads to another site, or out of the frame, goes to the tab.

import type { ShellApi } from "../messages/frame-shell";
import { type BlobBody, formBody } from "./body";
import { renameForm } from "./own-names";
import { ownUrl } from "./own-url";
import { askSw } from "./sw-port";

const { pushState, replaceState } = History.prototype;

/** Only in the app's top page. */
export function followNavigation(shell: ShellApi): void {
  wrapHistory(shell);
  const navigation: unknown = Reflect.get(window, "navigation");
  if (navigation instanceof EventTarget) followEvents(shell, navigation);
  document.addEventListener("click", (event) => aimLink(event));
  // Behind the app's own listeners on the form and its ancestors.
  window.addEventListener("submit", (event) => aimForm(event.target, event));
  const { submit } = HTMLFormElement.prototype;
  HTMLFormElement.prototype.submit = function () {
    renameForm(this);
    aimForm(this, undefined);
    submit.call(this);
  };
}

// Of the form that is being sent: the event of it does not say.
let enctype = "";

// What we ourselves are about to do: the event of it is none of the app's.
let expected: string | undefined;

/** Another document, or another place in this one, instead of this one. */
export function go(url: string): void {
  expected = url;
  location.replace(url);
}

/** Back or forward within one document, as the browser would have done it. */
export function pop(state: unknown, url: string): void {
  const before = location.href;
  replaceState.call(history, state, "", url);
  window.dispatchEvent(new PopStateEvent("popstate", { state: history.state as unknown }));
  const [oldPath, newPath] = [before, url].map((href) => href.split("#", 1)[0]);
  if (before !== url && oldPath === newPath) {
    window.dispatchEvent(new HashChangeEvent("hashchange", { oldURL: before, newURL: url }));
  }
}

/** The state that the entry had before a reload, before any script of the app looks at it. */
export function restoreState(state: unknown): void {
  replaceState.call(history, state, "");
}

function wrapHistory(shell: ShellApi): void {
  const wrap = (how: "push" | "replace"): History["pushState"] =>
    function (this: History, state: unknown, unused: string, url?: string | URL | null): void {
      replaceState.call(this, state, unused, (url && ownUrl(url)) ?? url);
      shell.moved(how, location.href, history.state);
    };
  History.prototype.pushState = wrap("push");
  History.prototype.replaceState = wrap("replace");
  Object.defineProperty(History.prototype.pushState, "name", { value: pushState.name });
}

function followEvents(shell: ShellApi, navigation: EventTarget): void {
  let intercepted: Event | undefined;
  const listener = (event: Event): void => {
    const step = event as AppNavigateEvent;
    if (step.defaultPrevented || step === intercepted) return;
    follow(shell, step);
  };
  // Last of all: an app that handles its steps itself has then said so.
  const { addEventListener, removeEventListener } = EventTarget.prototype;
  const stayLast = (): void => {
    removeEventListener.call(navigation, "navigate", listener);
    addEventListener.call(navigation, "navigate", listener);
  };
  stayLast();
  navigation.addEventListener = function (...given: Parameters<EventTarget["addEventListener"]>) {
    addEventListener.apply(navigation, given);
    if (given[0] === "navigate") stayLast();
  };
  const prototype: unknown = Reflect.get(window, "NavigateEvent")?.prototype;
  if (typeof prototype !== "object" || prototype === null) return;
  const intercept: unknown = Reflect.get(prototype, "intercept");
  if (typeof intercept !== "function") return;
  Reflect.set(prototype, "intercept", function (this: Event, ...given: unknown[]): unknown {
    intercepted = this;
    return Reflect.apply(intercept, this, given);
  });
  addEventListener.call(navigation, "currententrychange", () => {
    if (intercepted) shell.moved("replace", location.href, history.state);
    intercepted = undefined;
  });
}

function follow(shell: ShellApi, step: AppNavigateEvent): void {
  const url = new URL(step.destination.url);
  if (step.navigationType === "replace" && url.href === expected) {
    expected = undefined;
    return;
  }
  if (!/^https?:$/.test(url.protocol)) return;
  const renamed = step.formData ? undefined : ownUrl(url);
  if (renamed && step.cancelable) {
    // By the name that it has here: a step like any other.
    step.preventDefault();
    if (step.navigationType === "replace") location.replace(renamed);
    else location.assign(renamed);
    return;
  }
  if (step.downloadRequest !== null) {
    if (url.origin === location.origin && step.cancelable) save(step, url, step.downloadRequest);
    return;
  }
  if (url.origin !== location.origin) {
    if (step.formData || !step.cancelable) return;
    step.preventDefault();
    shell.depart(url.href, step.navigationType === "replace" ? "replace" : "push");
    return;
  }
  const push = step.navigationType === "push" && step.cancelable;
  if (step.hashChange || step.destination.sameDocument) {
    if (!push) {
      // Once it is done: the address is the old one until then.
      if (step.navigationType !== "traverse") {
        queueMicrotask(() => shell.moved("replace", location.href, history.state));
      }
      return;
    }
    step.preventDefault();
    go(url.href);
    shell.moved("push", url.href, null);
    return;
  }
  const body = step.formData && step.cancelable && formBody(step.formData, enctype);
  if (body) {
    step.preventDefault();
    void sendForm(shell, url, body, push ? "push" : "replace");
    return;
  }
  // A form that only the browser can send makes an entry of the frame's own.
  if (!push || step.formData) {
    shell.leaving("replace");
    return;
  }
  step.preventDefault();
  shell.leaving("push");
  go(url.href);
}

// A browser fetches what a link says to save past the Service Worker: it goes there as to a page.
function save(step: Event, url: URL, name: string): void {
  step.preventDefault();
  url.hash = "";
  void askSw({ kind: "save", url: url.href, name }).then(() => go(url.href));
}

async function sendForm(
  shell: ShellApi,
  url: URL,
  { blob, type }: BlobBody,
  how: "push" | "replace",
): Promise<void> {
  url.hash = ""; // with it, going there might load nothing
  const id = crypto.randomUUID();
  // As browsers write it in forms.
  const contentType = type.replace(/;charset=UTF-8$/, "");
  shell.formBody(id, blob);
  await askSw({ kind: "post", id, url: url.href, contentType });
  shell.leaving(how);
  go(url.href);
}

function aimLink(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.composedPath().find((node) => node instanceof HTMLAnchorElement);
  if (!link?.href || link.hasAttribute("download")) return;
  aim(link, link.href, link.target);
}

function aimForm(target: EventTarget | null, event: Event | undefined): void {
  if (!(target instanceof HTMLFormElement) || event?.defaultPrevented) return;
  const submitter = event instanceof SubmitEvent ? event.submitter : null;
  const action = submitter?.getAttribute("formaction") ?? target.getAttribute("action") ?? "";
  const aimed = submitter?.getAttribute("formtarget") ?? target.target;
  enctype = (submitter?.getAttribute("formenctype") ?? target.enctype).toLowerCase();
  if (submitter?.hasAttribute("formtarget")) return;
  aim(target, new URL(action, document.baseURI).href, aimed);
}

// Another site replaces the tab; the app's own `_top` and `_parent` mean its frame.
function aim(element: HTMLAnchorElement | HTMLFormElement, href: string, target: string): void {
  const url = new URL(href, document.baseURI);
  if (!/^https?:$/.test(url.protocol)) return;
  const own = url.origin === location.origin;
  const name = target.toLowerCase();
  if (!own && (name === "" || name === "_self")) element.target = "_top";
  if (own && (name === "_top" || name === "_parent")) element.target = "_self";
}
