// What an app's pages ask for while their tab is closed. Loaded by the shell once a page has come.
//
// Nothing that goes through another process, as the Service Worker does, comes back in time then. The
// channel worker is a thread of the same process, and lives as long as this thread does not let go.

import { blobBody } from "../inject/body";
import type { ClosingModule } from "../messages/closing";
import type { LastRequest } from "../messages/last-request";

import { marksOf, unmarked } from "../messages/marks";
import type { ShellToWorker } from "../messages/worker-shell";

// What the worker needs to send one, on a busy machine too; and for how long a tab is held open in all.
const SEND_MS = 20;
const HOLD_MS = 400;

export const attend: ClosingModule["attend"] = (api, worker, writes) => {
  worker.postMessage({ kind: "attend" } satisfies ShellToWorker);
  // Before the pages in the frames get the same event.
  window.addEventListener("pagehide", () => {
    const native = api.fetch;
    let leftMs = HOLD_MS;
    api.closing = true;
    api.fetch = (url, init) => {
      const last = lastRequestOf(url, init);
      if (!last) return native(url, init);
      const message: ShellToWorker = { kind: "last", request: { ...last, writes: writes() } };
      worker.postMessage(message);
      const fromMs = performance.now();
      while (performance.now() - fromMs < Math.min(SEND_MS, leftMs));
      leftMs -= performance.now() - fromMs;
      return new Promise(() => undefined); // no page is left to read it
    };
  });
};

// undefined: its body cannot be read in time, or it is not for this app.
function lastRequestOf(url: string, init: RequestInit): Omit<LastRequest, "writes"> | undefined {
  const { body: sent, ...facts } = init;
  const body = sent === null || sent === undefined ? undefined : blobBody(ownBody(sent));
  if ((sent && !body) || marksOf(url).body !== undefined) return undefined;
  if (new URL(url).origin !== location.origin) return undefined; // another app's link
  const request = new Request(url, facts);
  const { headers, method, mode, cache } = request;
  if (body?.type && !headers.has("content-type")) headers.set("content-type", body.type);
  const referrer = request.referrer === "about:client" ? location.href : request.referrer;
  return {
    url: unmarked(url).split("#", 1)[0] ?? "",
    method,
    fields: [...headers],
    body: body?.blob,
    mode,
    cache,
    referrer: referrer.split("#", 1)[0] ?? "",
    anonymous: request.credentials === "omit",
    embedded: window.top !== window,
  };
}

// What a page made is of no class of this window's.
function ownBody(given: BodyInit): unknown {
  switch (Object.prototype.toString.call(given).slice("[object ".length, -1)) {
    case "String":
      return given;
    case "Blob":
    case "File":
      return new Blob([given as Blob], { type: (given as Blob).type });
    case "URLSearchParams":
      return new URLSearchParams([...(given as URLSearchParams)]);
    case "FormData": {
      const form = new FormData();
      for (const [name, value] of given as FormData) form.append(name, value);
      return form;
    }
    case "ReadableStream":
      return undefined;
    default: // octets
      return new Blob([given as BufferSource]);
  }
}
