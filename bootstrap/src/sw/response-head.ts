// The fields of a response as the browser may see them: what would do harm, or lie, is left out. Pure.

import type { Fields } from "../wire/heads";
import { type Admission, type Admit, type Surroundings, policiesOf } from "./policed";

export interface ResponsePlan {
  fields: [string, string][];
  /** The page gets our script. */
  inject: boolean;
  /** How; for a page. */
  admission: Admission | undefined;
}

export interface ResponseFacts {
  status: number;
  fields: Fields;
  /** The body has been decoded: what the fields say of its coding is over. */
  decoded: boolean;
  /** It becomes a document in a frame. */
  page: boolean;
  /** It is saved, and no document: the app asks for that itself with `attachment`. */
  saved: boolean;
  url: string;
  around: Omit<Surroundings, "url" | "html">;
}

// Set-Cookie on a synthetic response is dropped by browsers; the others speak of the connection.
const DROPPED = /^set-cookie2?$/;

// Of a page; of what a script asks for they are fields like any other.
const DROPPED_OF_PAGES = new Set([
  "x-frame-options",
  "strict-transport-security",
  "alt-svc",
  "report-to",
  "nel",
  "document-isolation-policy",
]);

// What a page's own policies make of these is said in their place.
const POLICIES = new Set([
  "content-security-policy",
  "content-security-policy-report-only",
  "reporting-endpoints",
]);

const DISPOSITION = "content-disposition";

/** Whether a name is among the fields that is not ASCII. */
export function isOddlyNamed(fields: Fields): boolean {
  return fields.some(([name, value]) => name === DISPOSITION && /[^\0-\x7f]/.test(value));
}

/** Of a Content-Disposition. */
export const ATTACHMENT = /^\s*attachment/i;
const HTML = /^\s*(text\/html|application\/xhtml\+xml)\s*(;|$)/i;

/** renamed: a Content-Disposition, in ASCII alone. */
export function planResponse(
  response: ResponseFacts,
  admit: Admit,
  renamed: (disposition: string) => string,
): ResponsePlan {
  const field = (name: string): string => response.fields.find(([key]) => key === name)?.[1] ?? "";
  const saved = response.saved || ATTACHMENT.test(field(DISPOSITION));
  const inject = response.page && !saved && HTML.test(field("content-type"));
  const { url, around, page } = response;
  const policies = policiesOf(response.fields);
  const admission = page ? admit(policies, { ...around, url, html: inject }) : undefined;
  const fields: [string, string][] = [];
  for (const [name, value] of response.fields) {
    const stale =
      (name === "content-length" && (response.decoded || inject)) ||
      (name === "content-encoding" && response.decoded);
    const isSent =
      stale ||
      DROPPED.test(name) ||
      (admission && (POLICIES.has(name) || DROPPED_OF_PAGES.has(name)));
    if (isSent) continue;
    const isName = page && name === DISPOSITION;
    fields.push([name, isName ? renamed(value) : located(name, value, response)]);
  }
  return { fields: [...fields, ...(admission?.fields ?? [])], inject, admission };
}

/** Fetch §2.2.6. */
export function isRedirect(status: number): boolean {
  return [301, 302, 303, 307, 308].includes(status);
}

// No redirect may lead a page there; to schemes of other programs, such as mailto, it may.
const NOWHERE = /^(about|blob|data|file|filesystem|javascript):/;

/** Whether `location` leads to another site; "": to where no page can be led. */
export function leadsAway(status: number, fields: Fields, url: string): string | undefined {
  const location = fields.find(([name]) => name === "location")?.[1];
  if (!isRedirect(status) || location === undefined) return undefined;
  const target = absolute(location, url);
  if (!target || NOWHERE.test(target.protocol)) return "";
  return target.origin === new URL(url).origin ? undefined : target.href;
}

// A synthetic response has no URL that a relative `location` could be resolved against.
function located(name: string, value: string, { status, url }: ResponseFacts): string {
  if (name !== "location" || !isRedirect(status)) return value;
  return absolute(value, url)?.href ?? value;
}

function absolute(location: string, url: string): URL | undefined {
  try {
    return new URL(location, url);
  } catch {
    return undefined;
  }
}
