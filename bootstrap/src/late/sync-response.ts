// Shows a response on the app's own XMLHttpRequest, which itself has sent nothing.

import type { SyncResponse } from "./sync-requests";

const DONE = 4;
const MARKS: [number[], string][] = [
  [[0xef, 0xbb, 0xbf], "utf-8"],
  [[0xfe, 0xff], "utf-16be"],
  [[0xff, 0xfe], "utf-16le"],
];

/** type: by `overrideMimeType`. Returns what takes it away again. */
export function showResponse(
  xhr: XMLHttpRequest,
  { status, statusText, url, fields, body }: SyncResponse,
  type: string | undefined,
  page: Window & typeof globalThis,
): () => void {
  const named = new page.Headers(fields);
  const mime = type ?? named.get("content-type") ?? "text/xml";
  const text = decoded(body, mime);
  const xml = /^[^;]*([/+]xml)\s*(;|$)/i.test(mime);
  const shown: Record<string, unknown> = {
    readyState: DONE,
    status,
    statusText,
    responseURL: url.split("#", 1)[0],
    response: text,
    responseText: text,
    responseXML: xml ? parsed(text, page) : null,
    getResponseHeader: (name: string) => named.get(name),
    getAllResponseHeaders: () =>
      [...named].map(([name, value]) => `${name}: ${value}\r\n`).join(""),
  };
  const hide = show(xhr, shown);
  const sizes = { lengthComputable: true, loaded: body.length, total: body.length };
  xhr.dispatchEvent(new page.Event("readystatechange"));
  for (const name of ["load", "loadend"]) xhr.dispatchEvent(new page.ProgressEvent(name, sizes));
  return hide;
}

/** Of a network error. */
export function showFailure(xhr: XMLHttpRequest): () => void {
  return show(xhr, { readyState: DONE });
}

function show(xhr: XMLHttpRequest, shown: Record<string, unknown>): () => void {
  for (const [name, value] of Object.entries(shown))
    Object.defineProperty(xhr, name, { configurable: true, value });
  return () => {
    for (const name of Object.keys(shown)) Reflect.deleteProperty(xhr, name);
  };
}

// Of what cannot be read as a name of a coding, UTF-8 (XMLHttpRequest §4.6.6). A byte order mark goes first.
function decoded(body: Uint8Array<ArrayBuffer>, mime: string): string {
  const label = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(mime)?.[1] ?? "utf-8";
  const marked = MARKS.find(([mark]) => mark.every((byte, at) => body[at] === byte));
  try {
    return new TextDecoder(marked?.[1] ?? label).decode(body);
  } catch {
    return new TextDecoder().decode(body);
  }
}

function parsed(text: string, page: Window & typeof globalThis): Document | null {
  const made = new page.DOMParser().parseFromString(text, "text/xml");
  return made.querySelector("parsererror") ? null : made;
}
