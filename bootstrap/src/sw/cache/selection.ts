// Which kept response belongs to a request, and how the box is asked whether it is still right. Pure.
// Source: RFC 9111 §3.2, §4.1, §4.3; RFC 9110 §13.1, §14.

import type { Fields } from "../../wire/heads";
import { allOf, fieldOf } from "./cache-control";

/** The request's fields that a response depends on, by its `vary`, as they were. */
export function variantOf(request: Fields, response: Fields): Fields {
  const names = allOf(response, "vary").join().toLowerCase().split(",");
  return names
    .map((name) => name.trim())
    .filter((name) => name !== "" && name !== OUR_OWN)
    .map((name) => [name, valuesOf(request, name)]);
}

// No page chooses it, and no page sees how a body was coded.
const OUR_OWN = "accept-encoding";

export function isVariant(variant: Fields, request: Fields): boolean {
  return variant.every(([name, value]) => valuesOf(request, name) === value);
}

/** A page that asks conditionally itself wants the response as it is (Fetch §4.6, step 8.15). */
export function isConditional(request: Fields): boolean {
  return request.some(([name]) => /^if-(none-match|match|(un)?modified-since|range)$/.test(name));
}

/** The request, asking whether a response with these fields is still right; undefined: cannot be. */
export function conditional(request: Fields, kept: Fields): Fields | undefined {
  const more: [string, string][] = [];
  const tag = fieldOf(kept, "etag");
  const changed = fieldOf(kept, "last-modified");
  if (tag !== undefined) more.push(["if-none-match", tag]);
  if (changed !== undefined) more.push(["if-modified-since", changed]);
  return more.length ? [...request, ...more] : undefined;
}

// They speak of the body, which stays. RFC 9111 §3.2 would take some of them; no browser does.
const OF_THE_BODY = /^(etag|content-(encoding|length|location|md5|range|type))$/;
// What was meant for the moment of its coming.
const MOMENTARY = /^(set-cookie|clear-site-data)$/;

/** The fields after a 304. */
export function refreshed(kept: Fields, news: Fields): Fields {
  const fresh = lasting(news).filter(([name]) => !OF_THE_BODY.test(name));
  const names = new Set(fresh.map(([name]) => name));
  return [...kept.filter(([name]) => !names.has(name)), ...fresh];
}

export function lasting(fields: Fields): Fields {
  return fields.filter(([name]) => !MOMENTARY.test(name));
}

export function momentary(fields: Fields): Fields {
  return fields.filter(([name]) => MOMENTARY.test(name));
}

/** Whether a HEAD tells of another body than the kept one. RFC 9111 §4.3.5. */
export function isOther(kept: Fields, head: Fields): boolean {
  return ["etag", "last-modified", "content-length"].some((name) => {
    const value = fieldOf(head, name);
    return value !== undefined && value !== fieldOf(kept, name);
  });
}

/** Which bytes of a whole a request wants; undefined: all, or in a way that only the app knows. */
export function partOf(request: Fields, size: number): [from: number, to: number] | undefined {
  const [, first = "", last = ""] =
    /^bytes=(\d*)-(\d*)$/.exec(fieldOf(request, "range") ?? "") ?? [];
  if (first === "" && last === "") return undefined;
  const from = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const to = first === "" || last === "" ? size : Math.min(size, Number(last) + 1);
  return from < to ? [from, to] : undefined;
}

function valuesOf(request: Fields, name: string): string {
  return allOf(request, name)
    .map((value) => value.trim())
    .join(", ");
}
