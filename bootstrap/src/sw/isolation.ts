// Cross-origin isolation (HTML §7.1.3): browsers grant it by what the page at the top of a tab says,
// and that is the shell. So the shell says what the app's page has said before it.

import type { TabPolicy } from "../messages/sw-page";
import type { Fields } from "../wire/heads";
import { keptNote, keepNote } from "./assets";
import { NextVisit } from "./next-visit";

export const OPENER_POLICY = "cross-origin-opener-policy";
export const EMBEDDER_POLICY = "cross-origin-embedder-policy";

const NOTE = "isolation";
const NONE: TabPolicy = { opener: "", embedder: "" };

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

export class Isolation {
  private last: TabPolicy = NONE;
  private readonly known = keptNote(NOTE).then((kept) => {
    if (kept) this.last = kept as TabPolicy;
  });
  private readonly asked = new NextVisit<TabPolicy>();

  /** What the shell says. others: what living shells of this origin have said. */
  async ofTab(url: string, others: () => Promise<TabPolicy[]>): Promise<TabPolicy> {
    await this.known;
    const asked = this.asked.take(url);
    if (asked) return asked;
    const { last } = this;
    if (!last.opener || last.embedder) return last;
    // Alone it isolates nothing, but parts windows: those of one app only together.
    const alike = (await others()).every(({ opener }) => opener === last.opener);
    return alike ? last : NONE;
  }

  /** A page of ours, in the frame of a tab that nobody names. */
  async framed(page: Response | Promise<Response>): Promise<Response> {
    await this.known;
    return within(this.last, await page);
  }

  /** A tab has begun with a page that says so. */
  async learn(policy: TabPolicy): Promise<void> {
    await this.known;
    const { opener, embedder } = this.last;
    if (opener === policy.opener && embedder === policy.embedder) return;
    this.last = policy;
    await keepNote(NOTE, policy);
  }

  /** The next visit of that URL is the tab of a page that says so. */
  ask(url: string, policy: TabPolicy): Promise<void> {
    this.asked.add(url, policy);
    return this.learn(policy);
  }
}
