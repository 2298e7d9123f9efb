// fetch: large bodies go by reference, and giving up before the answer's head is told.

import type { ShellApi } from "../messages/frame-shell";
import { marked } from "../messages/marks";
import { type BlobBody, blobBody } from "./body";
import { appUrl } from "./own-url";
import { tellSw } from "./sw-port";

// A smaller body costs no more the usual way.
const LARGE_BYTES = 65_536;

export const nativeFetch = window.fetch.bind(window);

export function wrapFetch(shell: ShellApi): void {
  let leaving = false;
  window.addEventListener("pagehide", () => {
    leaving = true;
  });
  window.fetch = async function fetch(
    input: RequestInfo | URL,
    init?: RequestInit,
  ): Promise<Response> {
    const own = appUrl(input instanceof Request ? input.url : input);
    if (!own) return nativeFetch(input, init);
    if (leaving) {
      shell.beacon(own.href, { ...init, keepalive: false });
      return new Promise(() => undefined); // nobody is there any more
    }
    const mode = init?.mode ?? (input instanceof Request ? input.mode : "cors");
    if (mode === "no-cors") return nativeFetch(input, init);
    const id = crypto.randomUUID();
    // It would pass the Service Worker by in some browsers.
    const given = { ...init, keepalive: false };
    // This takes the body of a Request, as the browser's own fetch does.
    const copied = input instanceof Request ? new Request(input, given) : undefined;
    const body = copied ? await wholeBody(copied) : largeBody(init);
    const facts = copied ? factsOf(copied) : given;
    const url = marked(own.href, { request: id, body: body && id });
    const request = new Request(url, body ? { ...facts, body: null } : facts);
    if (body?.type && !request.headers.has("content-type"))
      request.headers.set("content-type", body.type);
    if (body) shell.body(id, body.blob, undefined);
    try {
      return await send(request, id);
    } finally {
      if (body) shell.bodyDone(id);
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

function largeBody(init: RequestInit | undefined): BlobBody | undefined {
  const body = init?.body;
  if (body === undefined || body === null) return undefined;
  if (typeof body === "string" && body.length < LARGE_BYTES) return undefined;
  const whole = blobBody(body);
  return whole && whole.blob.size >= LARGE_BYTES ? whole : undefined;
}

async function wholeBody(request: Request): Promise<BlobBody | undefined> {
  if (request.method === "GET" || request.method === "HEAD") return undefined;
  const blob = await request.blob();
  return blob.size ? { blob, type: "" } : undefined;
}

// A Request made of another one loses its body in some browsers, and the rest is not enumerable.
function factsOf(request: Request): RequestInit {
  const { method, headers, mode, credentials, cache, redirect, referrer } = request;
  const { referrerPolicy, integrity, signal } = request;
  const facts = { method, headers, mode, credentials, cache, redirect, referrer };
  return { ...facts, referrerPolicy, integrity, signal };
}
