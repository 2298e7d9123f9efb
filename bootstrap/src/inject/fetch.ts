// fetch: large bodies go by reference, and giving up before the answer's head is told.

import type { ShellApi } from "../messages/frame-shell";
import { BODY_FIELD, REQUEST_FIELD } from "../messages/sw-page";
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
    const url = appUrl(input instanceof Request ? input.url : input);
    if (!url) return nativeFetch(input, init);
    if (leaving) {
      shell.beacon(url.href, { ...init, keepalive: false });
      return new Promise(() => undefined); // nobody is there any more
    }
    const large = input instanceof Request ? undefined : largeBody(init);
    const request = new Request(input, {
      ...init,
      // It would pass the Service Worker by in some browsers.
      keepalive: false,
      ...(large && { body: null }),
    });
    if (request.mode === "no-cors") return nativeFetch(input, init);
    return large ? sendLarge(shell, request, large) : send(request);
  };
}

async function sendLarge(shell: ShellApi, request: Request, body: BlobBody): Promise<Response> {
  const id = crypto.randomUUID();
  if (body.type && !request.headers.has("content-type"))
    request.headers.set("content-type", body.type);
  request.headers.set(BODY_FIELD, id);
  shell.body(id, body.blob, undefined);
  try {
    return await send(request);
  } finally {
    shell.bodyDone(id);
  }
}

async function send(request: Request): Promise<Response> {
  const id = crypto.randomUUID();
  request.headers.set(REQUEST_FIELD, id);
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
