// What the app's pages ask for: each request as the box is to have it.

import { fieldsOfMark, marksOf } from "../messages/marks";
import type { Asked, Noted } from "./asked";
import { requestFields } from "./request-fields";
import { urgencyOf } from "./routing";
import { sw } from "./scope";
import type { Shell } from "./shells";

/** A request, without the cookies that go with it. */
export type Plain = Omit<Asked, "cookies">;

/**
 * url: by the name that the app is visited by. shell: of a page that is asked for. inside: a page of this
 * site led to it. noted: before it came.
 */
export function askedFor(
  { request }: FetchEvent,
  url: string,
  shell: Shell | undefined,
  inside: boolean,
  noted: Noted,
): Plain {
  const { post, save, socket, handshake = [], dropped } = noted;
  const page = request.mode === "navigate";
  const { fields: marks, keep } = marksOf(request.url);
  const method = post ? "POST" : socket === undefined ? request.method : "CONNECT";
  const mode = socket === undefined ? request.mode : "websocket";
  const { destination } = request;
  const { cache = request.cache } = noted;
  // Of the first document of a tab: the shell, at the top, was led to.
  const referrer = request.referrer || shell?.referrer || "";
  if (shell) shell.referrer = undefined;
  const headers = [...request.headers, ...handshake];
  if (post) headers.push(["content-type", post.contentType]);
  if (post?.origin) headers.push(["origin", post.origin]);
  const browser = {
    origin: sw.location.origin,
    userAgent: navigator.userAgent,
    languages: navigator.languages,
  };
  const marked = fieldsOfMark(marks);
  const facts = { method, mode, destination, cache, referrer, inside, headers, marked };
  return {
    url,
    method,
    fields: requestFields(facts, browser).filter(([name]) => !dropped?.test(name)),
    urgency: urgencyOf(request),
    cache,
    anonymous: request.credentials === "omit",
    keep: keep !== undefined,
    page,
    post,
    save,
    socket,
  };
}
