// Cache-Control and the dates of HTTP, read as RFC 9111 and RFC 9110 write them. Pure.

import { cookieDate } from "../../cookies/date";
import type { Fields } from "../../wire/heads";

/** From a directive's name, in lower case, to its argument; "" where it has none. */
export type Directives = ReadonlyMap<string, string>;

// A name, and behind `=` a quoted string, which may hold commas, or plain text. No space before `=`;
// one behind it is allowed nowhere, and browsers read past it.
const DIRECTIVE = /([^\s,=]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([^,]*)))?/g;

/** Of all Cache-Control fields. RFC 9111 §4.2.1: of a directive that is repeated the first counts. */
export function directivesOf(fields: Fields): Directives {
  const found = new Map<string, string>();
  for (const value of allOf(fields, "cache-control")) {
    for (const [, name = "", quoted, plain] of value.matchAll(DIRECTIVE)) {
      const key = name.toLowerCase();
      // With its quotes: to browsers a number in quotes is none.
      const given = quoted === undefined ? (plain?.trim() ?? "") : `"${quoted}"`;
      if (!found.has(key)) found.set(key, given);
    }
  }
  // RFC 9111 §5.4 knows it in requests. Browsers heed it in responses, whatever else those say.
  if (/no-cache/i.test(fieldOf(fields, "pragma") ?? "")) found.set("no-cache", "");
  return found;
}

/** A directive in ms: undefined where it is absent, 0 where it is no number (RFC 9111 §4.2.1). */
export function durationMs(directives: Directives, name: string): number | undefined {
  const value = directives.get(name);
  if (value === undefined) return undefined;
  return /^\d+$/.test(value) ? Math.min(Number(value), 2 ** 31) * 1_000 : 0;
}

/** A field with a date, in ms; undefined where it is absent, NaN where it is none. RFC 9110 §5.6.7
 * has three ways to write one; browsers understand more, about those of a cookie, and midnight where
 * there is no time of day. */
export function dateOf(fields: Fields, name: string): number | undefined {
  const value = fieldOf(fields, name);
  return value === undefined
    ? undefined
    : (cookieDate(value) ?? cookieDate(`${value} 0:0:0`) ?? NaN);
}

/** The first field of this name. */
export function fieldOf(fields: Fields, name: string): string | undefined {
  return fields.find(([key]) => key === name)?.[1];
}

export function allOf(fields: Fields, name: string): string[] {
  return fields.filter(([key]) => key === name).map(([, value]) => value);
}
