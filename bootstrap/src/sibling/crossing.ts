// One request from another origin, asked of the app of this one as a browser would ask it, and what of
// its response may go back. Runs at the origin that is asked: who asks gets nothing else to see.
// Source: Fetch §4.1, §4.3, §4.4; steps that only a navigation takes are not here.

import type { ShellApi } from "../messages/frame-shell";
import type { GuestRequest } from "../messages/guest";
import { type Marks, fieldsOfMark, marksOf } from "../messages/marks";
import { OUR_PREFIX } from "../messages/our-paths";
import { MOVED_FIELD, type SiblingResponse, isSameBox } from "../messages/sibling";
import {
  type Fields,
  allowedBy,
  authored,
  corsFault,
  exposed,
  isSafelistedMethod,
  mayBeEmbedded,
  preflightFault,
  safelisted,
  unsafeNames,
} from "./cors";
import { type Crossing, Refused, plainUrl } from "./foreign-request";
import { holdFor, led, moveOf, movedOn, tainted, takeHeld } from "./moving";
import { Preflights } from "./preflights";
import { fieldsOf, send } from "./sending";

// What browsers themselves look at, of a picture or a script.
const OF_ELEMENTS =
  /^(content-(type|length|range)|accept-ranges|x-content-type-options|last-modified|etag)$/;
const NEEDED = /^(content-range|accept-ranges|x-content-type-options)$/;
// A picture and the like: not a frame, not what a script asks for.
const ELEMENTS = /^(image|script|style|audio|video|track|manifest|font|.*worklet)$/;
// Fetch §4.4, step 6
const HOPS = 20;

const preflights = new Preflights();

/** Throws Refused, or what fetch throws. */
export async function cross(crossing: Crossing, shell: ShellApi): Promise<SiblingResponse> {
  const { url, mode, destination } = crossing.request;
  const { pathname, origin } = new URL(url);
  if (origin !== location.origin || pathname.startsWith(OUR_PREFIX)) throw new Refused("no app");
  if (destination && !ELEMENTS.test(destination)) throw new Refused(`it is for ${destination}`);
  const { held } = marksOf(url);
  if (held !== undefined) return takeHeld(held);
  if (crossing.socket !== undefined) return openSocket(crossing, shell);
  if (mode === "cors") return withCors(crossing, shell, 0);
  if (mode === "no-cors") return withoutCors(crossing, shell, 0);
  throw new Refused(`the mode is ${mode}`);
}

async function withCors(
  crossing: Crossing,
  shell: ShellApi,
  hops: number,
): Promise<SiblingResponse> {
  const { request, from } = crossing;
  const { method, destination, credentials, url } = request;
  const marks = marksOf(url);
  const origin = marks.tainted ? "null" : from;
  const include = credentials === "include";
  const all = allFields(request, marks);
  // What a page loads by its elements says nothing that must be asked for first.
  const fields = destination ? safelisted(all) : authored(all);
  const unsafe = unsafeNames(withoutStream(fields));
  if (destination && method !== "GET") throw new Refused(`it is ${method}`);
  if (unsafe.length || !isSafelistedMethod(method) || marks.stream)
    await preflight(crossing, shell, origin, unsafe);
  const response = await send(crossing, shell, { fields, origin, include });
  const seen = fieldsOf(response, shell);
  const fault = corsFault(seen, origin, include);
  if (fault !== undefined) {
    void response.body?.cancel();
    throw new Refused(fault);
  }
  const move = moveOf(response, seen, request);
  if (move) {
    if (request.redirect === "manual") return led(move.status, `${location.origin}/`);
    if (request.redirect === "error") throw new Refused("it leads elsewhere");
    if (move.next.origin === location.origin) {
      if (hops >= HOPS) throw new Refused("it leads on and on");
      return withCors({ ...crossing, ...movedOn(crossing, move) }, shell, hops + 1);
    }
    if (move.next.username || move.next.password) throw new Refused("it leads to a password");
    // A script could read where to, which is for the browser alone.
    if (include && move.next.origin !== from) throw new Refused("it leads to a third origin");
    return led(move.status, tainted(move.next, crossing));
  }
  const shown = exposed(seen, include);
  const also = destination ? seen.filter((field) => isNew(field, shown)) : [];
  const given = responseOf(response, [...shown, ...also]);
  return hops ? holdFor(given, request.url) : given;
}

// A script sees nothing of the response, and of what an element shows it may read everything: that is
// asked for as anyone could ask for it, without cookies.
async function withoutCors(
  crossing: Crossing,
  shell: ShellApi,
  hops: number,
): Promise<SiblingResponse> {
  const { request, from, embedder } = crossing;
  const { method, destination, credentials } = request;
  const element = destination !== "";
  if (!isSafelistedMethod(method) || (element && method === "POST")) throw new Refused(method);
  const fields = safelisted(allFields(request, {}));
  const include = !element && credentials === "include";
  const origin = method === "POST" ? (marksOf(request.url).tainted ? "null" : from) : undefined;
  const response = await send(crossing, shell, { fields, origin, include });
  const seen = fieldsOf(response, shell);
  const move = moveOf(response, seen, request);
  if (move && element) return led(move.status, tainted(move.next, crossing));
  if (move?.next.origin === location.origin && request.redirect === "follow" && hops < HOPS)
    return withoutCors({ ...crossing, ...movedOn(crossing, move) }, shell, hops + 1);
  if (!mayBeEmbedded(seen, isSameBox(from, location.origin), embedder)) {
    void response.body?.cancel();
    throw new Refused("its 'Cross-Origin-Resource-Policy' is against it");
  }
  if (element)
    return responseOf(
      response,
      seen.filter(([name]) => OF_ELEMENTS.test(name)),
    );
  void response.body?.cancel();
  return { do: "opaque", url: `${location.origin}${OUR_PREFIX}opaque` };
}

async function openSocket(crossing: Crossing, shell: ShellApi): Promise<SiblingResponse> {
  const { from } = crossing;
  const response = await send(crossing, shell, { fields: [], origin: from, include: true });
  if (response.headers.has(MOVED_FIELD)) throw new Refused("a WebSocket follows no redirect");
  return responseOf(
    response,
    fieldsOf(response, shell).filter(([name]) => /^sec-websocket/.test(name)),
  );
}

async function preflight(
  crossing: Crossing,
  shell: ShellApi,
  origin: string,
  unsafe: readonly string[],
): Promise<void> {
  const { method, url, credentials } = crossing.request;
  const include = credentials === "include";
  const key = `${origin} ${String(include)} ${plainUrl(url)}`;
  if (preflights.allows(key, method, unsafe, include)) return;
  preflights.forget(key);
  const fields: [string, string][] = [["access-control-request-method", method]];
  if (unsafe.length) fields.push(["access-control-request-headers", unsafe.join(",")]);
  const request = { ...crossing.request, method: "OPTIONS", url: plainUrl(url), cache: "no-store" };
  const asked: Crossing = { ...crossing, request: request as GuestRequest, body: { kind: "none" } };
  const response = await send(asked, shell, { fields, origin, include: false });
  void response.body?.cancel();
  const seen = fieldsOf(response, shell);
  const fault =
    corsFault(seen, origin, include) ??
    (response.ok && !response.headers.has(MOVED_FIELD)
      ? preflightFault(allowedBy(seen), method, unsafe, include)
      : `its status is ${response.headers.get(MOVED_FIELD) ?? response.status}`);
  if (fault !== undefined) throw new Refused(`of the response to the preflight, ${fault}`);
  preflights.keep(key, seen);
}

function responseOf(response: Response, headers: [string, string][] | Fields): SiblingResponse {
  const { status, statusText, body } = response;
  const given = headers.map(([name, value]): [string, string] => [name, value]);
  return { do: "response", status, statusText, headers: given, body: body ?? undefined };
}

// Those whose values are not ASCII come by a mark.
function allFields({ headers }: GuestRequest, { fields }: Marks): Fields {
  const odd = [...fieldsOfMark(fields)];
  const names = new Set(odd.map(([name]) => name.toLowerCase()));
  return [...headers.filter(([name]) => !names.has(name.toLowerCase())), ...odd];
}

// An EventSource says by itself where it was, and asks nobody whether it may.
function withoutStream(fields: Fields): Fields {
  const accept = fields.find(([name]) => name === "accept")?.[1];
  if (accept !== "text/event-stream") return fields;
  return fields.filter(([name]) => name !== "last-event-id");
}

function isNew([name]: Fields[number], shown: Fields): boolean {
  return NEEDED.test(name) && !shown.some(([other]) => other === name);
}
