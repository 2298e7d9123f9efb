// Responses of XMLHttpRequest: events and fields as a server's own would have them.

import { octetsOf } from "./octets";

const BODIES = ["response", "responseText"];

/** A response that was cut off: to some browsers it is the Service Worker that gave it up. */
export function failInsteadOfAbort(xhr: XMLHttpRequest, event: ProgressEvent): void {
  event.stopImmediatePropagation();
  const { lengthComputable, loaded, total } = event;
  xhr.dispatchEvent(new ProgressEvent("error", { lengthComputable, loaded, total }));
}

/** Nothing is left of a response that was cut off: some browsers keep what had come of it. */
export function emptyBody(xhr: XMLHttpRequest): void {
  const value = /^(text)?$/.test(xhr.responseType) ? "" : null;
  for (const name of value === "" ? BODIES : ["response"])
    Object.defineProperty(xhr, name, { configurable: true, value });
}

/** Whatever comes next is shown again. */
export function showBody(xhr: XMLHttpRequest): void {
  for (const name of BODIES) Reflect.deleteProperty(xhr, name);
}

/** After a redirect some browsers give the length of the redirect itself. */
export function correctTotal(xhr: XMLHttpRequest, event: ProgressEvent): void {
  const total = Number(xhr.getResponseHeader("content-length"));
  // Not of what was given up, nor of a response to HEAD where that has none.
  if (!event.loaded && !event.lengthComputable) return;
  if (!total || total < event.loaded || total === event.total) return;
  Object.defineProperties(event, { total: { value: total }, lengthComputable: { value: true } });
}

/** Fields read as the app sent them, for those requests that are `ours`. */
export function recodeFields(ours: (xhr: XMLHttpRequest) => boolean): void {
  const { prototype } = window.XMLHttpRequest;
  const { getResponseHeader, getAllResponseHeaders } = prototype;
  prototype.getResponseHeader = function (name: string): string | null {
    const value = getResponseHeader.call(this, name);
    return value !== null && ours(this) ? octetsOf(value) : value;
  };
  prototype.getAllResponseHeaders = function (): string {
    const text = getAllResponseHeaders.call(this);
    return ours(this) ? text.split("\r\n").map(octetsOf).join("\r\n") : text;
  };
}
