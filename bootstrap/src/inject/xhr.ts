// XMLHttpRequest: bodies go by reference, their progress is reported, and giving up is passed on.

import type { ShellApi } from "../messages/frame-shell";
import { fieldsMark, marked } from "../messages/marks";
import type { SyncOpened } from "../messages/sync-request";
import { type BlobBody, blobBody } from "./body";
import { linkedUrl } from "./own-url";
import { postToSw } from "./sw-port";
import {
  correctTotal,
  emptyBody,
  failInsteadOfAbort,
  recodeFields,
  showBody,
} from "./xhr-response";
import { isSyncIntercepted, sendSync } from "./xhr-sync";
import { reportProgress, uploadBroken, uploaded } from "./xhr-upload";

/** An asynchronous request of the app's own, from open() on. */
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
const TOTALS = ["progress", "load", "loadend"] as const;

const { open, send, setRequestHeader, overrideMimeType, abort } = XMLHttpRequest.prototype;
const { OPENED } = XMLHttpRequest;
const opened = new WeakMap<XMLHttpRequest, Opened>();
const synchronous = new WeakMap<XMLHttpRequest, SyncOpened>();

export function wrapXhr(shell: ShellApi): void {
  const Native = window.XMLHttpRequest;
  window.XMLHttpRequest = new Proxy(Native, {
    construct(target, given, newTarget): XMLHttpRequest {
      const made = Reflect.construct(target, given, newTarget) as XMLHttpRequest;
      listenFirst(made);
      return made;
    },
  });
  Native.prototype.constructor = window.XMLHttpRequest;

  Native.prototype.open = function (...given: unknown[]): void {
    openOwn(this, given as Parameters<typeof open>);
  };
  Native.prototype.setRequestHeader = function (name: string, value: string): void {
    setRequestHeader.call(this, name, value);
    (opened.get(this) ?? synchronous.get(this))?.fields.push([name, String(value)]);
  };
  Native.prototype.overrideMimeType = function (type: string): void {
    overrideMimeType.call(this, type);
    const waits = synchronous.get(this);
    if (waits) waits.type = type;
  };
  Native.prototype.abort = function (): void {
    const state = opened.get(this);
    if (state) state.aborted = true;
    abort.call(this);
  };
  Native.prototype.send = function (body?: Document | XMLHttpRequestBodyInit | null): void {
    const state = opened.get(this);
    const waits = synchronous.get(this);
    if (waits) {
      waits.whole = body ? xhrBody(body) : undefined;
      sendSync(shell, this, waits);
    } else if (state) sendOwn(this, state, body ?? undefined, shell);
    else send.call(this, body);
  };
  if (shell.recodes) recodeFields((xhr) => opened.has(xhr));
}

// Before any listener of the app's.
function listenFirst(xhr: XMLHttpRequest): void {
  xhr.addEventListener("abort", (event) => {
    if (opened.get(xhr)?.aborted === false) failInsteadOfAbort(xhr, event);
  });
  xhr.addEventListener("error", () => opened.has(xhr) && emptyBody(xhr));
  for (const name of BROKEN) xhr.addEventListener(name, () => uploadBroken(xhr, name));
  xhr.addEventListener("readystatechange", () => uploaded(xhr));
  for (const name of TOTALS) {
    xhr.addEventListener(name, (event) => opened.has(xhr) && correctTotal(xhr, event));
  }
}

function openOwn(xhr: XMLHttpRequest, given: Parameters<typeof open>): void {
  const [method, url, async = true, user, password] = given;
  opened.delete(xhr);
  synchronous.get(xhr)?.hide?.();
  synchronous.delete(xhr);
  showBody(xhr);
  const own = given.length < 2 ? undefined : linkedUrl(url);
  if (!own || !async) {
    open.apply(xhr, given);
    if (own && (own.origin !== location.origin || !isSyncIntercepted()))
      synchronous.set(xhr, { method, url: own, user, password, fields: [] });
    return;
  }
  const id = crypto.randomUUID();
  const state = { id, method, url: own.href, user, password, fields: [], aborted: false };
  // Before: the app may give it up in its listener, as soon as it is open.
  opened.set(xhr, state);
  try {
    open.call(xhr, method, marked(own.href, { request: id }), true, user, password);
  } catch (error) {
    opened.delete(xhr);
    throw error;
  }
}

// An open that follows another is silent, and forgets nothing but the fields.
function reopen(xhr: XMLHttpRequest, state: Opened, marks: { body?: string }): void {
  const { id, method, fields, user, password } = state;
  const url = marked(state.url, { request: id, fields: fieldsMark(fields), ...marks });
  open.call(xhr, method, url, true, user, password);
  for (const [name, value] of fields) setRequestHeader.call(xhr, name, value);
}

function sendOwn(xhr: XMLHttpRequest, state: Opened, body: unknown, shell: ShellApi): void {
  const { id, fields } = state;
  followEnd(xhr, id);
  const whole =
    body === undefined || /^(get|head)$/i.test(state.method) ? undefined : xhrBody(body);
  if (!whole) {
    if (fieldsMark(fields)) reopen(xhr, state, {});
    send.call(xhr, null);
    return;
  }
  if (xhr.readyState === OPENED) reopen(xhr, state, { body: id });
  if (whole.type && !fields.some(([name]) => name.toLowerCase() === "content-type"))
    setRequestHeader.call(xhr, "content-type", whole.type);
  shell.body(id, whole.blob, reportProgress(xhr, whole.blob.size));
  xhr.addEventListener("loadend", () => shell.bodyDone(id), { once: true });
  send.call(xhr, null);
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

// Ended by the page, or by its timeout, before the head of the response.
function followEnd(xhr: XMLHttpRequest, id: string): void {
  const abort = (): void => postToSw({ kind: "abort", id });
  xhr.addEventListener("abort", abort, { once: true });
  xhr.addEventListener("timeout", abort, { once: true });
}
