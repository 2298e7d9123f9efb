// fetch: large bodies go by reference, what a Service Worker is not shown goes in marks, and giving
// up before the answer's head is told.

import type { ShellApi } from "../messages/frame-shell";
import { fieldsMark, marked } from "../messages/marks";
import { plainOctets } from "./octets";
import { appUrl } from "./own-url";
import { bodyOf, rememberBodies } from "./request-bodies";
import { tellSw } from "./sw-port";

// A smaller body costs no more the usual way.
const LARGE_BYTES = 65_536;

export const nativeFetch = window.fetch.bind(window);

export function wrapFetch(shell: ShellApi): void {
  rememberBodies();
  const { fetch } = window;
  window.fetch = async function (this: unknown, ...given: Parameters<typeof fetch>) {
    const [input, init] = given;
    // A frame that borrows it is a window too.
    const on = (this ?? window) as Window;
    const own =
      on.window !== on || !given.length
        ? undefined
        : appUrl(input instanceof Request ? input.url : input);
    if (!own) return fetch.apply(this as Window, given);
    let whole;
    try {
      whole = new Request(input, init); // takes the body of a Request, as fetch does
    } catch {
      return fetch(...given); // which fails in its own words
    }
    const id = crypto.randomUUID();
    const blob = bodyOf(whole);
    const large = blob && blob.size >= LARGE_BYTES ? blob : undefined;
    const body = large ? null : (blob ?? (await otherBody(whole)));
    const url = marked(own.href, {
      request: id,
      body: large && id,
      stream: body instanceof ReadableStream ? "1" : undefined,
      fields: fieldsMark(whole.headers),
      keep: whole.keepalive || init?.keepalive ? "1" : undefined,
    });
    const request = new Request(url, { ...factsOf(whole, init), body } as RequestInit);
    if (large) shell.body(id, large, undefined);
    try {
      return plainOctets(await send(request, id), shell.recodes);
    } finally {
      if (large) shell.bodyDone(id);
    }
  };
}

async function send(request: Request, id: string): Promise<Response> {
  const abort = (): void => tellSw({ kind: "abort", id });
  request.signal.addEventListener("abort", abort);
  try {
    return await nativeFetch(request);
  } finally {
    request.signal.removeEventListener("abort", abort);
  }
}

// A stream of the app's own, or the body of a Request that another realm made.
async function otherBody(request: Request): Promise<BodyInit | null> {
  if (request.method === "GET" || request.method === "HEAD") return null;
  if ("body" in Request.prototype) return request.body;
  const blob = await (request as Request).blob();
  return blob.size ? blob : null;
}

// One by one: a Request made of another one loses its body in some browsers, and what it has is
// not enumerable. Not `keepalive`: with it a request passes the Service Worker by in some.
function factsOf(request: Request, init: RequestInit | undefined): object {
  const { method, headers, mode, credentials, cache, redirect, referrer } = request;
  const { referrerPolicy, integrity, signal } = request;
  const facts = { method, headers, mode, credentials, cache, redirect, referrer };
  return { ...facts, referrerPolicy, integrity, signal, priority: init?.priority, duplex: "half" };
}
