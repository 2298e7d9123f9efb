// Whether a response comes with policies that must be made to admit our script and our frame, and what
// it is admitted by. How, is `csp`, a part that is loaded for such responses. Pure.

import type { PolicyNote } from "../messages/own-tag";
import type { Fields } from "../wire/heads";

/** All fields of one response that set policies. */
export interface Policies {
  enforced: readonly string[];
  reportOnly: readonly string[];
  /** Values of Reporting-Endpoints. */
  endpoints: readonly string[];
  /** Values of X-Frame-Options. */
  frameOptions: readonly string[];
}

export interface Surroundings {
  /** The shell is itself framed by another site: what the app says of that must stay true. */
  embedded: boolean;
  origin: string;
  url: string;
  /** For where the app has no nonce of its own. Begins with `p2claw-`: pages hide it. */
  ownNonce: string;
  /** It becomes a page of HTML, with our script in it. */
  html: boolean;
}

export interface Admission {
  /** What our tag must carry, "" where it needs none. */
  nonce: string;
  /** The script itself must stand in the tag: no URL of it is admitted. */
  inline: boolean;
  fields: [string, string][];
  /** No page of the app may frame it. The browser would see our own frame too: our script looks. */
  alone: boolean;
  /** It has an opaque origin: these tokens of `sandbox`, and what it may load of the app's own. */
  opaque: { tokens: string; loads: string } | undefined;
  /** Where reports of violations go. */
  notes: PolicyNote[];
}

export type Admit = (given: Policies, around: Surroundings) => Admission;

/** Those fields, by their names in HTTP. */
export function policiesOf(fields: Fields): Policies {
  const all = (name: string): string[] =>
    fields.filter(([key]) => key === name).map(([, value]) => value);
  return {
    enforced: all("content-security-policy"),
    reportOnly: all("content-security-policy-report-only"),
    endpoints: all("reporting-endpoints"),
    frameOptions: all("x-frame-options"),
  };
}

export function isPoliced(policies: Policies): boolean {
  return Object.values(policies).some((values: readonly string[]) => values.length > 0);
}

/** For a response without any: our script is loaded by its URL. */
export const admitFreely: Admit = () => ({
  nonce: "",
  inline: false,
  fields: [],
  alone: false,
  opaque: undefined,
  notes: [],
});
