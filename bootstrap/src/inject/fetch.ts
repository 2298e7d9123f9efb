// fetch: large bodies go by reference, what a Service Worker is not shown goes in marks, and giving
// up before the response's head has come.

import type { ShellApi } from "../messages/frame-shell";
import { fieldsMark, marked } from "../messages/marks";
import { linkedUrl } from "./own-url";
import { bodyOf, rememberBodies } from "./request-bodies";
import { postToSw } from "./sw-port";

// A smaller body costs no more the usual way.
const LARGE_BYTES = 65_536;
// Where a Service Worker is shown no body, an empty one looks to it like none.
const SHOWN = "body" in Request.prototype;

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
        : linkedUrl(input instanceof Request ? input.url : input);
    if (!own) return fetch.apply(this as Window, given);
    let whole;
    try {
      whole = new Request(input, init); // uses up the body of a Request, as fetch does
    } catch {
      return fetch(...given); // which fails with its own error
    }
    const id = crypto.randomUUID();
    const blob = bodyOf(whole);
    const byReference = blob && (blob.size >= LARGE_BYTES || !(blob.size || SHOWN));
    const large = byReference ? blob : undefined;
    const body = large ? null : (blob ?? (await otherBody(whole, init?.body ?? input)));
    const keep = whole.keepalive || init?.keepalive || shell.closing;
    const url = marked(own.href, {
      request: id,
      body: large && id,
      stream: body instanceof ReadableStream ? "1" : undefined,
      fields: fieldsMark(whole.headers),
      keep: keep ? "1" : undefined,
    });
    const facts = { ...factsOf(whole, init), body } as RequestInit;
    if (large) shell.body(id, large, undefined);
    try {
      const sent = keep ? outlive(shell, url, facts) : nativeFetch(new Request(url, facts));
      return await recoded(shell, await abortable(sent, whole.signal, id));
    } finally {
      if (large) shell.bodyDone(id);
    }
  };
}

// Where the browser recodes the octets of fields, and there are any but ASCII.
async function recoded(shell: ShellApi, response: Response): Promise<Response> {
  if (shell.recodes && [...response.headers].some(([, value]) => /[^\0-\x7f]/.test(value))) {
    const late = await shell.late().catch(() => undefined);
    late?.plainOctets(window, response);
  }
  return response;
}

async function abortable(
  sent: Promise<Response>,
  signal: AbortSignal,
  id: string,
): Promise<Response> {
  const abort = (): void => postToSw({ kind: "abort", id });
  signal.addEventListener("abort", abort);
  try {
    return await sent;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

// Some browsers give up what a page has asked for as soon as it begins to go elsewhere, before anyone
// has been asked: the shell asks, and what comes of it becomes this page's own.
async function outlive(shell: ShellApi, url: string, facts: RequestInit): Promise<Response> {
  const { referrer } = facts;
  if (referrer === "about:client" && /^http/.test(document.URL)) facts.referrer = document.URL;
  try {
    return adopted(await shell.fetch(url, facts));
  } catch (error) {
    throw facts.signal?.aborted ? error : new TypeError((error as Error).message);
  }
}

// A new one, so that what is read of it is of this window's classes too.
function adopted(response: Response): Response {
  const { body, headers, status, statusText, url, type, redirected } = response;
  Object.setPrototypeOf(headers, Headers.prototype);
  if (!body) return Object.setPrototypeOf(response, Response.prototype) as Response;
  const own = new Response(body, { headers, status, statusText });
  for (const [name, value] of Object.entries({ url, type, redirected })) {
    Object.defineProperty(own, name, { value });
  }
  return own;
}

// A stream of the app's own, or the body of a Request that another realm made.
// given: it, or what was asked for without one, and then at once.
async function otherBody(request: Request, given: unknown): Promise<BodyInit | null> {
  if (/^(GET|HEAD)$/.test(request.method) || given === String(given)) return null;
  if (SHOWN) return request.body;
  const blob = await request.blob();
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
