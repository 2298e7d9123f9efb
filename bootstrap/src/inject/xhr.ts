// XMLHttpRequest: bodies go by reference, their progress is told, and giving up is passed on.

import type { ShellApi } from "../messages/frame-shell";
import { fieldsMark, marked } from "../messages/marks";
import { OCTETS } from "../messages/sw-page";
import { type BlobBody, blobBody } from "./body";
import { octetsOf } from "./octets";
import { linkedUrl } from "./own-url";
import { tellSw } from "./sw-port";
import { tellProgress, uploadBroken, uploaded } from "./xhr-upload";

interface Opened {
  id: string;
  method: string;
  url: string;
  user: string | null | undefined;
  password: string | null | undefined;
  fields: [string, string][];
  /** The app itself has given it up. */
  aborted: boolean;
}

const BROKEN = ["abort", "error", "timeout"] as const;
const RESPONSES = ["response", "responseText"];
const TOTALS = ["progress", "load", "loadend"] as const;

const opened = new WeakMap<XMLHttpRequest, Opened>();

export function wrapXhr(shell: ShellApi): void {
  const { open, send, setRequestHeader, abort } = XMLHttpRequest.prototype;
  const { getResponseHeader, getAllResponseHeaders } = XMLHttpRequest.prototype;
  const Native = window.XMLHttpRequest;
  const refused = new WeakSet<XMLHttpRequest>();
  let intercepted: boolean | undefined;

  // Some browsers send a synchronous request of a page past the Service Worker, to the edge, which
  // must not see what is asked of the app. Asked with a path that tells nothing.
  const isIntercepted = (): boolean => {
    if (intercepted !== undefined) return intercepted;
    const probe = new Native();
    open.call(probe, "GET", OCTETS, false);
    try {
      send.call(probe, null);
    } catch {
      // Offline: not intercepted either.
    }
    intercepted = probe.getResponseHeader("octet") !== null;
    return intercepted;
  };

  window.XMLHttpRequest = new Proxy(Native, {
    construct(target, given, newTarget): XMLHttpRequest {
      const made = Reflect.construct(target, given, newTarget) as XMLHttpRequest;
      // Before any listener of the app's.
      made.addEventListener("abort", (event) => brokenOff(made, event));
      made.addEventListener("error", () => emptied(made));
      for (const name of BROKEN) made.addEventListener(name, () => uploadBroken(made, name));
      made.addEventListener("readystatechange", () => uploaded(made));
      for (const name of TOTALS) made.addEventListener(name, (event) => tellTotal(made, event));
      return made;
    },
  });
  Native.prototype.constructor = window.XMLHttpRequest;

  Native.prototype.open = function (...given: unknown[]): void {
    const [method, url, async = true, user, password] = given as Parameters<typeof open>;
    opened.delete(this);
    for (const name of RESPONSES) Reflect.deleteProperty(this, name);
    const own = given.length < 2 ? undefined : linkedUrl(url);
    if (!own || !async) {
      open.apply(this, given as Parameters<typeof open>);
      refused.delete(this);
      // A sibling answers by way of this thread, which waits.
      if (own && (own.origin !== location.origin || !isIntercepted())) refused.add(this);
      return;
    }
    const id = crypto.randomUUID();
    const state = { id, method, url: own.href, user, password, fields: [], aborted: false };
    // Before: the app may give it up as soon as it hears that it is open.
    opened.set(this, state);
    try {
      open.call(this, method, marked(own.href, { request: id }), true, user, password);
    } catch (error) {
      opened.delete(this);
      throw error;
    }
  };

  Native.prototype.setRequestHeader = function (name: string, value: string): void {
    setRequestHeader.call(this, name, value);
    opened.get(this)?.fields.push([name, String(value)]);
  };

  Native.prototype.abort = function (): void {
    const state = opened.get(this);
    if (state) state.aborted = true;
    abort.call(this);
  };

  Native.prototype.send = function (body?: Document | XMLHttpRequestBodyInit | null): void {
    const state = opened.get(this);
    if (refused.has(this)) refuse(shell);
    if (!state) {
      send.call(this, body);
      return;
    }
    const { id, method, fields } = state;
    // An open that follows another is silent, and forgets nothing but the fields.
    const reopen = (marks: { body?: string }): void => {
      const url = marked(state.url, { request: id, fields: fieldsMark(fields), ...marks });
      open.call(this, method, url, true, state.user, state.password);
      for (const [name, value] of fields) setRequestHeader.call(this, name, value);
    };
    followEnd(this, id);
    const given = /^(get|head)$/i.test(method) ? undefined : (body ?? undefined);
    const whole = given === undefined ? undefined : xhrBody(given);
    if (!whole) {
      if (fieldsMark(fields)) reopen({});
      send.call(this, null);
      return;
    }
    if (this.readyState === Native.OPENED) reopen({ body: id });
    if (whole.type && !fields.some(([name]) => name.toLowerCase() === "content-type"))
      setRequestHeader.call(this, "content-type", whole.type);
    shell.body(id, whole.blob, tellProgress(this, whole.blob.size));
    this.addEventListener("loadend", () => shell.bodyDone(id), { once: true });
    send.call(this, null);
  };

  if (!shell.recodes) return;
  Native.prototype.getResponseHeader = function (name: string): string | null {
    const value = getResponseHeader.call(this, name);
    return value !== null && opened.has(this) ? octetsOf(value) : value;
  };
  Native.prototype.getAllResponseHeaders = function (): string {
    const text = getAllResponseHeaders.call(this);
    return opened.has(this) ? text.split("\r\n").map(octetsOf).join("\r\n") : text;
  };
}

// An answer that was cut off: to some browsers it is the Service Worker that gave it up.
function brokenOff(xhr: XMLHttpRequest, event: ProgressEvent): void {
  const state = opened.get(xhr);
  if (!state || state.aborted) return;
  event.stopImmediatePropagation();
  const { lengthComputable, loaded, total } = event;
  xhr.dispatchEvent(new ProgressEvent("error", { lengthComputable, loaded, total }));
}

// Nothing is left of an answer that was cut off: some browsers keep what a Service Worker gave of it.
function emptied(xhr: XMLHttpRequest): void {
  if (!opened.has(xhr)) return;
  const value = /^(text)?$/.test(xhr.responseType) ? "" : null;
  for (const name of value === "" ? RESPONSES : ["response"])
    Object.defineProperty(xhr, name, { configurable: true, value });
}

// After a redirect some browsers tell the length of the redirect itself.
function tellTotal(xhr: XMLHttpRequest, event: ProgressEvent): void {
  const total = opened.has(xhr) ? Number(xhr.getResponseHeader("content-length")) : 0;
  // Not of what was given up, nor of an answer to HEAD where that has none.
  if (!event.loaded && !event.lengthComputable) return;
  if (!total || total < event.loaded || total === event.total) return;
  Object.defineProperties(event, { total: { value: total }, lengthComputable: { value: true } });
}

function refuse(shell: ShellApi): never {
  const why =
    "This app asked for something synchronously (XMLHttpRequest), which this browser cannot send over the link.";
  console.error(`p2claw: ${why}`);
  shell.say(why);
  throw new DOMException(why, "NetworkError");
}

// XMLHttpRequest §4.5.6: a document is serialized, and whatever else there is becomes a string.
function xhrBody(body: unknown): BlobBody {
  if (!(body instanceof Document)) {
    return blobBody(body) ?? { blob: new Blob([String(body)]), type: "text/plain;charset=UTF-8" };
  }
  const text = new XMLSerializer().serializeToString(body);
  const type = `${body.contentType === "text/html" ? "text/html" : "application/xml"};charset=UTF-8`;
  return { blob: new Blob([text]), type };
}

// Ended by the page, or by its timeout, before the answer's head.
function followEnd(xhr: XMLHttpRequest, id: string): void {
  const abort = (): void => tellSw({ kind: "abort", id });
  xhr.addEventListener("abort", abort, { once: true });
  xhr.addEventListener("timeout", abort, { once: true });
}
