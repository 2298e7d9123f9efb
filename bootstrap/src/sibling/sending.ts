// A request of another origin, sent by this origin's own Service Worker: its cookies, its cache, its
// link; and marked with where it comes from.

import { octetsOf } from "../inject/octets";
import type { ShellApi } from "../messages/frame-shell";
import { fieldsMark, marked, marksOf } from "../messages/marks";
import { isSameBox } from "../messages/sibling";
import { ERROR_FIELD } from "../messages/sw-page";
import type { RequestBody } from "../messages/sw-worker";
import type { Fields } from "./cors";
import { type Crossing, plainUrl } from "./foreign-request";
import { refererTo } from "./referrer";

export interface Sending {
  fields: Fields;
  /** undefined: it is not given. */
  origin: string | undefined;
  include: boolean;
}

export async function send(
  { request, body, from, socket, signal, sent }: Crossing,
  shell: ShellApi,
  { fields, origin, include }: Sending,
): Promise<Response> {
  const { method, url, mode, destination, cache, referrer, referrerPolicy } = request;
  const marks = marksOf(url);
  const id = crypto.randomUUID();
  const referer = refererTo(from, referrer, referrerPolicy);
  const given: [string, string][] = [
    ["sec-fetch-site", isSameBox(from, location.origin) ? "same-site" : "cross-site"],
    ["sec-fetch-mode", socket === undefined ? mode : "websocket"],
    ["sec-fetch-dest", destination || "empty"],
    ...(origin === undefined ? [] : [["origin", origin] as [string, string]]),
    ...(referer ? [["referer", referer] as [string, string]] : []),
    // What a script could not say, or a browser not show.
    ...fields
      .filter(([name, value]) => /^access-control-/.test(name) || !isAscii(value))
      .map(([name, value]): [string, string] => [name, value]),
  ];
  const large = body.kind === "blob" || body.kind === "reference" ? body : undefined;
  const asked = marked(plainUrl(url), {
    raw: "1",
    request: id,
    socket,
    protocols: marks.protocols,
    keep: marks.keep,
    body: large && id,
    fields: new URLSearchParams(given).toString(),
  });
  if (large?.kind === "blob") shell.body(id, large.blob, (bytes) => sent(marks.body ?? "", bytes));
  const abort = (): void => postToSw(id);
  signal.addEventListener("abort", abort);
  try {
    return await fetch(asked, {
      method,
      headers: fields.map(([name, value]) => [name, value]),
      body: plainBody(body),
      credentials: include ? "include" : "omit",
      // What is kept may have come with cookies.
      cache: include ? cache : "no-store",
      redirect: "manual",
      referrerPolicy: "no-referrer",
      signal,
      duplex: "half",
    } as RequestInit);
  } finally {
    signal.removeEventListener("abort", abort);
    if (large) shell.bodyDone(id);
  }
}

/** As the app sent them. Throws TypeError if it is the box that responds. */
export function fieldsOf(response: Response, { recodes }: ShellApi): Fields {
  // The box's own text, not the app's.
  if (response.headers.has(ERROR_FIELD))
    throw new TypeError(response.headers.get(ERROR_FIELD) ?? "");
  const given = [...response.headers];
  return recodes ? given.map(([name, value]) => [name, octetsOf(value)] as const) : given;
}

function isAscii(value: string): boolean {
  return fieldsMark([["", value]]) === undefined;
}

function plainBody(body: RequestBody): BodyInit | null {
  switch (body.kind) {
    case "bytes":
      return body.bytes;
    case "stream":
      return body.stream;
    case "none":
    case "blob":
    case "reference":
      return null;
    default:
      return body satisfies never;
  }
}

// The browser tells a Service Worker nothing of it before the response's head.
function postToSw(id: string): void {
  navigator.serviceWorker.controller?.postMessage({ kind: "abort", id });
}
