// What a page's fields say of the tab that it is at the top of: its opener policy, and its embedder
// policy where both together isolate it. Pure.

import type { TabPolicy } from "../messages/sw-page";
import type { Fields } from "../wire/heads";

export const OPENER_POLICY = "cross-origin-opener-policy";
export const EMBEDDER_POLICY = "cross-origin-embedder-policy";

/** What a page says of its tab. embedder: only where both together isolate it. */
export function tabPolicyOf(fields: Fields): TabPolicy {
  const opener = wordOf(fields, OPENER_POLICY);
  const embedder = wordOf(fields, EMBEDDER_POLICY);
  const isolates = opener === "same-origin" && /^(require-corp|credentialless)$/.test(embedder);
  return { opener: opener === "unsafe-none" ? "" : opener, embedder: isolates ? embedder : "" };
}

// RFC 9651: an item, whose parameters say where to report. More than one field is none.
function wordOf(fields: Fields, name: string): string {
  const values = fields.flatMap(([key, value]) => (key === name ? [value] : []));
  const [word = ""] = values.length === 1 ? (values[0]?.split(";") ?? []) : [];
  return /^\s*[a-z-]+\s*$/.test(word) ? word.trim() : "";
}

/** Whether a tab that has the one must be loaded again for a page that wants the other. */
export function differs(has: TabPolicy, wanted: TabPolicy): boolean {
  return (has.embedder === "") !== (wanted.embedder === "");
}

/** The page as a shell of that policy may frame it: one without the field it may not. */
export function within({ embedder }: TabPolicy, page: Response): Response {
  if (embedder && page.type !== "error" && !page.headers.has(EMBEDDER_POLICY)) {
    page.headers.set(EMBEDDER_POLICY, "require-corp");
  }
  return page;
}
