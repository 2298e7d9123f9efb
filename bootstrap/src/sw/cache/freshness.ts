// What may be kept, how long it stays fresh, and what may be done with it after that. Pure.
// Source: RFC 9111 §3, §4.2; RFC 5861 §3 (no browser knows its §4, stale-if-error). As a private cache: `s-maxage` and `private` say nothing.

import type { Fields } from "../../wire/heads";
import { allOf, dateOf, type Directives, directivesOf, durationMs, fieldOf } from "./cache-control";

/** A response as it was kept. Times in ms since the epoch: when it was asked for, and had come. */
export interface Kept {
  head: { readonly status: number; readonly fields: Fields };
  requestMs: number;
  responseMs: number;
}

/** What is to be done with a kept response. */
export type Verdict =
  | "use"
  /** It is stale, may be used, and is asked for again behind the page's back. */
  | "use-and-refresh"
  | "validate";

// RFC 9110 §15.1 without 206, which is never kept, and without those that browsers keep only where the
// response gives the time.
const BY_DEFAULT = [200, 203, 300, 301, 308, 410];
// RFC 9110 allows more; no browser takes the date of an error for a sign that it lasts.
const BY_DATE = [200, 203];
// What says of itself that it is for good. Browsers then need no date.
const FOR_GOOD = [300, 301, 308, 410];
// RFC 9111 §4.2.2: a tenth of the time since the last change.
const HEURISTIC = 0.1;

/** Whether the response to a GET with these fields may be kept. */
export function mayKeep(request: Fields, status: number, fields: Fields): boolean {
  const given = directivesOf(fields);
  if (status === 206 || status === 304 || status === 416) return false;
  if (given.has("no-store") || directivesOf(request).has("no-store")) return false;
  if (allOf(fields, "vary").join().includes("*")) return false;
  // A stream without end, which a page opens anew each time.
  if (/^\s*text\/event-stream/i.test(fieldOf(fields, "content-type") ?? "")) return false;
  const explicit = given.has("max-age") || given.has("public") || fieldOf(fields, "expires");
  return BY_DEFAULT.includes(status) || Boolean(explicit);
}

export function judge(kept: Kept, request: Fields, nowMs: number): Verdict {
  const given = directivesOf(kept.head.fields);
  const asked = directivesOf(request);
  if (given.has("no-cache") || asked.has("no-cache")) return "validate";
  const ageMs = ageOf(kept, nowMs);
  const leftMs = lifetimeOf(kept, given) - ageMs;
  if (ageMs > (durationMs(asked, "max-age") ?? Infinity)) return "validate";
  if (leftMs > (durationMs(asked, "min-fresh") ?? 0)) return "use";
  if (given.has("must-revalidate") || asked.has("min-fresh")) return "validate";
  if (asked.has("max-stale")) {
    const most = asked.get("max-stale") ? durationMs(asked, "max-stale") : Infinity;
    if (-leftMs <= (most ?? 0)) return "use";
  }
  return -leftMs < (durationMs(given, "stale-while-revalidate") ?? 0)
    ? "use-and-refresh"
    : "validate";
}

/** RFC 9111 §4.2.3. */
export function ageOf({ head: { fields }, requestMs, responseMs }: Kept, nowMs: number): number {
  const [, seconds] = /^\s*(\d+)\s*(?:,|$)/.exec(fieldOf(fields, "age") ?? "") ?? [];
  const apparentMs = Math.max(0, responseMs - dateOr(fields, responseMs));
  const correctedMs = Number(seconds ?? 0) * 1_000 + responseMs - requestMs;
  return Math.max(apparentMs, correctedMs) + Math.max(0, nowMs - responseMs);
}

// RFC 9111 §4.2.1.
function lifetimeOf({ head: { status, fields }, responseMs }: Kept, given: Directives): number {
  const maxAgeMs = durationMs(given, "max-age");
  if (maxAgeMs !== undefined) return maxAgeMs;
  const dateMs = dateOr(fields, responseMs);
  const expiresMs = dateOf(fields, "expires");
  if (expiresMs !== undefined) return (expiresMs || 0) - dateMs;
  if (FOR_GOOD.includes(status)) return Infinity;
  const changedMs = dateOf(fields, "last-modified");
  if (!changedMs || !BY_DATE.includes(status)) return 0;
  return (dateMs - changedMs) * HEURISTIC;
}

function dateOr(fields: Fields, otherMs: number): number {
  return dateOf(fields, "date") || otherMs;
}
