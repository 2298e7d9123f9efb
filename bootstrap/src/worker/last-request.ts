// Makes the request of a tab that is being closed, as the Service Worker would have made it. Loaded once
// a page of the app has come.

import { Jar, print } from "../cookies/jar";
import type { Cookie } from "../cookies/parse";
import type { LastRequest } from "../messages/last-request";
import type { PortRequest } from "../messages/sw-worker";
import { requestFields } from "../sw/request-fields";

const URGENCY = 0; // there is no later

// Read when this is loaded: later one browser (Firefox) asks the window's thread for it, which is busy holding the tab open.
const { userAgent, languages } = navigator;

/** cookies: all of the app's, as the Service Worker has sent them. */
export function requestOf(last: LastRequest, cookies: Cookie[]): PortRequest {
  const { url, method, anonymous, body, writes, embedded } = last;
  const site = embedded ? "cross" : "same";
  const jar = new Jar();
  for (const cookie of cookies) jar.put(cookie);
  for (const { cookie } of writes) jar.set(cookie, "script", site, Date.now());
  const { origin, pathname } = new URL(url);
  const fields = requestFields(
    { ...last, destination: "", inside: false, headers: last.fields, marked: [] },
    { origin, userAgent, languages },
  );
  const bytes = body && new Uint8Array(new FileReaderSync().readAsArrayBuffer(body));
  const length = String(bytes?.length ?? 0);
  return {
    method,
    target: url.slice(origin.length),
    fields:
      method === "GET" || method === "HEAD" ? fields : [...fields, ["content-length", length]],
    urgency: URGENCY,
    body: bytes?.length ? { kind: "bytes", bytes } : { kind: "none" },
    anonymous,
    keep: true,
    cookie: anonymous ? "" : print(jar.matching(pathname, "http", site, Date.now())),
    wrote: Infinity,
    reply: new MessageChannel().port1,
  };
}
