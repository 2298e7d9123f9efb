// XMLHttpRequest: bodies go by reference, their progress is told, and giving up is passed on.

import type { ShellApi } from "../messages/frame-shell";
import { BODY_FIELD, REQUEST_FIELD } from "../messages/sw-page";
import { blobBody } from "./body";
import { appUrl } from "./own-url";
import { tellSw } from "./sw-port";

interface Opened {
  id: string;
  method: string;
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
    open.call(this, method, url, async, user, password);
    if (!appUrl(url)) return;
    if (async)
      opened.set(this, { id: crypto.randomUUID(), method: method.toUpperCase(), typed: false });
    else
      console.warn("p2claw: a synchronous XMLHttpRequest may not reach the app in this browser.");
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
    setRequestHeader.call(this, REQUEST_FIELD, state.id);
    const given =
      body !== null && body !== undefined && state.method !== "GET" && state.method !== "HEAD";
    const whole = given ? blobBody(body) : undefined;
    followEnd(this, state.id);
    if (!whole) {
      send.call(this, body);
      return;
    }
    if (whole.type && !state.typed) setRequestHeader.call(this, "content-type", whole.type);
    setRequestHeader.call(this, BODY_FIELD, state.id);
    const told = tellProgress(this, whole.blob.size);
    shell.body(state.id, whole.blob, told);
    this.addEventListener("loadend", () => shell.bodyDone(state.id), { once: true });
    send.call(this, null);
  };
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
