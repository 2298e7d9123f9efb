// XMLHttpRequest: bodies go by reference, their progress is told, and giving up is passed on.

import type { ShellApi } from "../messages/frame-shell";
import { marked } from "../messages/marks";
import { type BlobBody, blobBody } from "./body";
import { appUrl } from "./own-url";
import { tellSw } from "./sw-port";

interface Opened {
  id: string;
  bodiless: boolean; // of a method that has no body
  typed: boolean; // the app has set a content type
}

export function wrapXhr(shell: ShellApi): void {
  const { open, send, setRequestHeader } = XMLHttpRequest.prototype;
  const opened = new WeakMap<XMLHttpRequest, Opened>();

  XMLHttpRequest.prototype.open = function (
    this: XMLHttpRequest,
    method: string,
    url: string | URL,
    async: boolean = true,
    user?: string | null,
    password?: string | null,
  ): void {
    opened.delete(this);
    const own = appUrl(url);
    if (!own || !async) {
      open.call(this, method, url, async, user, password);
      if (own)
        console.warn("p2claw: a synchronous XMLHttpRequest may not reach the app in this browser.");
      return;
    }
    const id = crypto.randomUUID();
    const bodiless = /^(get|head)$/i.test(method);
    // What send() will be given is not known yet: every body goes by reference, even none.
    const marks = bodiless ? { request: id } : { request: id, body: id };
    open.call(this, method, marked(own.href, marks), async, user, password);
    opened.set(this, { id, bodiless, typed: false });
  };

  XMLHttpRequest.prototype.setRequestHeader = function (name: string, value: string): void {
    setRequestHeader.call(this, name, value);
    const state = opened.get(this);
    if (state && name.toLowerCase() === "content-type") state.typed = true;
  };

  XMLHttpRequest.prototype.send = function (body?: Document | XMLHttpRequestBodyInit | null): void {
    const state = opened.get(this);
    if (!state) {
      send.call(this, body);
      return;
    }
    followEnd(this, state.id);
    if (state.bodiless) {
      send.call(this, null);
      return;
    }
    const whole = xhrBody(body);
    if (whole.type && !state.typed) setRequestHeader.call(this, "content-type", whole.type);
    const told = tellProgress(this, whole.blob.size);
    shell.body(state.id, whole.blob, told);
    this.addEventListener("loadend", () => shell.bodyDone(state.id), { once: true });
    send.call(this, null);
  };
}

// XMLHttpRequest §4.5.6: a document is serialized, and whatever else there is becomes a string.
function xhrBody(body: unknown): BlobBody {
  if (body === null || body === undefined) return { blob: new Blob(), type: "" };
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

// The events that the browser would have sent, had it sent the body itself.
function tellProgress(xhr: XMLHttpRequest, total: number): (sentBytes: number) => void {
  let told = 0;
  let done = false;
  const say = (name: string, loaded: number): void => {
    told = loaded;
    xhr.upload.dispatchEvent(new ProgressEvent(name, { lengthComputable: true, loaded, total }));
  };
  const finish = (name: string): void => {
    if (done) return;
    done = true;
    if (name === "load" && told < total) say("progress", total);
    say(name, name === "load" ? total : told);
    say("loadend", told);
  };
  xhr.addEventListener("loadstart", () => say("loadstart", 0), { once: true });
  xhr.addEventListener("readystatechange", () => {
    if (xhr.readyState === XMLHttpRequest.HEADERS_RECEIVED) finish("load");
  });
  for (const name of ["abort", "error", "timeout"]) {
    xhr.addEventListener(name, () => finish(name), { once: true });
  }
  return (sentBytes) => {
    if (!done && sentBytes > told && sentBytes <= total) say("progress", sentBytes);
  };
}
