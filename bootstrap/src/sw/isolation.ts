// Cross-origin isolation (HTML §7.1.3): browsers grant it by the fields of the page at the top of a tab,
// which is the shell. So the shell has those that the app's page had before it.

import type { TabPolicy } from "../messages/sw-page";
import { keptNote, keepNote } from "./notes";
import { NextVisit } from "./next-visit";
import { within } from "./tab-policy";

const NOTE = "isolation";
const NONE: TabPolicy = { opener: "", embedder: "" };

export class Isolation {
  private last: TabPolicy = NONE;
  private readonly known = keptNote(NOTE).then((kept) => {
    if (kept) this.last = kept as TabPolicy;
  });
  private readonly asked = new NextVisit<TabPolicy>();

  /** The policy of a shell. others: those of the living shells of this origin. */
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

  /** A tab has begun with a page of that policy. */
  async learn(policy: TabPolicy): Promise<void> {
    await this.known;
    const { opener, embedder } = this.last;
    if (opener === policy.opener && embedder === policy.embedder) return;
    this.last = policy;
    await keepNote(NOTE, policy);
  }

  /** The next visit of that URL is the tab of a page of that policy. */
  ask(url: string, policy: TabPolicy): Promise<void> {
    this.asked.add(url, policy);
    return this.learn(policy);
  }
}
