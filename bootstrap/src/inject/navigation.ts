// Every step of the app becomes one of the shell's history: the frame itself only ever replaces.
// And what leads to another site, or out of the frame, goes to the tab.

import type { ShellApi } from "../messages/frame-shell";
import type { BlobBody } from "./body";
import { type FormFacts, formBody } from "./form-body";
import { renameForm } from "./own-names";
import { ownUrl } from "./own-url";
import { unmarked } from "../messages/marks";
import { askSw } from "./sw-port";

const { pushState, replaceState } = History.prototype;

/** Only in the app's top page. */
export function followNavigation(shell: ShellApi): void {
  wrapHistory(shell);
  const navigation: unknown = Reflect.get(window, "navigation");
  const followed = navigation instanceof EventTarget;
  if (followed) followEvents(shell, navigation);
  document.addEventListener("click", (event) => aimLink(event, followed));
  // Behind the app's own listeners on the form and its ancestors.
  window.addEventListener("submit", (event) => aimForm(event.target, event));
  const { submit } = HTMLFormElement.prototype;
  HTMLFormElement.prototype.submit = function () {
    renameForm(this);
    aimForm(this, undefined);
    submit.call(this);
  };
  window.addEventListener("beforeunload", (event) => {
    setTimeout(() => void stays(shell, event), STAY_MS);
  });
}

// By then the person has chosen whether to leave, and the request is made.
const STAY_MS = 1_000;

// Of the form that is being sent: its event does not name it.
let sent: FormFacts = { enctype: "", charset: "" };

// What we ourselves are about to do: the event of it is none of the app's.
let expected: string | undefined;

// Where a person may yet refuse to go.
let going: string | undefined;

/** Another document, or another place in this one, instead of this one. */
export function go(url: string): void {
  expected = going = url;
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
  replaceState.call(history, state, "", unmarked(location.href));
}

// Not every browser has an event for a person who stays. If nothing was asked for, they did.
async function stays(shell: ShellApi, event: BeforeUnloadEvent): Promise<void> {
  if (!event.defaultPrevented && !event.returnValue) return;
  if (going === undefined || (await askSw({ kind: "coming", url: going }))) return;
  going = undefined;
  shell.stayed();
}

function wrapHistory(shell: ShellApi): void {
  const wrap = (how: "push" | "replace"): History["pushState"] =>
    function (this: History, state: unknown, unused: string, url?: string | URL | null): void {
      try {
        replaceState.call(this, state, unused, (url && ownUrl(url)) ?? url);
      } catch (error) {
        if (how === "push") pushState.call(this, state, unused, url); // fails with its own error
        throw error;
      }
      shell.moved(how, location.href, history.state);
    };
  History.prototype.pushState = wrap("push");
  History.prototype.replaceState = wrap("replace");
}

function followEvents(shell: ShellApi, navigation: EventTarget): void {
  let intercepted: Event | undefined;
  const listener = (event: Event): void => {
    const step = event as AppNavigateEvent;
    if (step.defaultPrevented || step === intercepted) return;
    follow(shell, step);
  };
  // Last of all: an app that handles its steps itself has by then cancelled the event.
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
  if (step.navigationType === "reload") {
    if (step.cancelable && shell.reloads()) step.preventDefault();
    else shell.leaving("reload");
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
  const body = step.formData && step.cancelable && formBody(step.formData, sent);
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

// A browser fetches a link that is to be saved past the Service Worker: it goes there as to a page.
function save(step: Event, url: URL, name: string): void {
  step.preventDefault();
  url.hash = "";
  void askSw({ kind: "save", url: url.href, name }).then(() => go(url.href));
}

async function sendForm(
  shell: ShellApi,
  url: URL,
  { blob, type: contentType }: BlobBody,
  how: "push" | "replace",
): Promise<void> {
  url.hash = ""; // with it, going there might load nothing
  const id = crypto.randomUUID();
  shell.formBody(id, { body: blob, contentType });
  await askSw({ kind: "post", id, url: url.href, contentType });
  shell.leaving(how);
  go(url.href);
}

function aimLink(event: MouseEvent, followed: boolean): void {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.composedPath().find((node) => node instanceof HTMLAnchorElement);
  if (!link?.href) return;
  if (link.hasAttribute("download")) {
    const url = new URL(link.href);
    if (!followed && url.origin === location.origin) save(event, url, link.download);
    return;
  }
  aim(link, link.href, link.target);
}

function aimForm(target: EventTarget | null, event: Event | undefined): void {
  if (!(target instanceof HTMLFormElement) || event?.defaultPrevented) return;
  const submitter = event instanceof SubmitEvent ? event.submitter : null;
  // Not by properties: a field may have the name of one.
  const attribute = (name: string): string | null =>
    submitter?.getAttribute(`form${name}`) ?? target.getAttribute(name);
  const action = attribute("action") ?? "";
  const aimed = attribute("target") ?? "";
  const charset = target.getAttribute("accept-charset")?.trim().split(/\s+/)[0];
  sent = {
    enctype: (attribute("enctype") ?? "").toLowerCase(),
    charset: charset || document.characterSet,
  };
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
