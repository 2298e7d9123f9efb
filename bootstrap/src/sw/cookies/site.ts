// Which site a request comes from, for SameSite: what cannot be known is taken for the worst. Pure.

import type { Site } from "../../cookies/jar";

export interface SiteFacts {
  /** The shell is in a frame of another site: so is everything below it. */
  embedded: boolean;
  /** The document that a tab began with, asked for by its shell. */
  first: boolean;
  /** Of the tab: a page of this site led there. */
  led: boolean;
  method: string;
  /** Who sends a form, where it is not a page of this tab. */
  origin: string | undefined;
}

export function siteOf(facts: SiteFacts, ourOrigin: string): Site {
  const { embedded, first, led, origin } = facts;
  if (embedded) return "cross";
  if (origin !== undefined && origin !== ourOrigin) return first ? "post" : "cross";
  return !first || led || origin === ourOrigin
    ? "same"
    : /^(get|head)$/i.test(facts.method)
      ? "visit"
      : "post";
}
