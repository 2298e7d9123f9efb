// Who may frame a page: the app's rule, for the browser without our own frame, which is above
// every page of the app. Pure.

import { type Policy, admitsOrigin } from "./policy";

/**
 * Whether a page of the app itself may frame this one. HTML §7.7 for X-Frame-Options, which counts
 * only where no policy speaks of framing.
 */
export function mayBeFramed(
  policies: Policy[],
  frameOptions: readonly string[],
  origin: string,
): boolean {
  const listed = policies.flatMap((policy) => {
    const ancestors = policy.get("frame-ancestors");
    return ancestors ? [ancestors] : [];
  });
  if (listed.length) return listed.every((sources) => admitsOrigin(sources, origin));
  const values = frameOptions.flatMap((value) => value.split(","));
  const options = new Set(values.map((value) => value.trim().toLowerCase()));
  const known = ["deny", "sameorigin", "allowall"].some((name) => options.has(name));
  return !options.has("deny") && !(options.size > 1 && known);
}

/** The shell is of the app's own origin, and may frame what nobody may. */
export function allFrame(policy: Policy, embedded: boolean): void {
  const ancestors = policy.get("frame-ancestors");
  if (!ancestors) return;
  const others = ancestors.filter((source) => !/^'(none|self)'$/i.test(source));
  // Within another site's page it is that site which the app means.
  if (embedded && !others.length) return;
  policy.set("frame-ancestors", [...others, "'self'"]);
}
