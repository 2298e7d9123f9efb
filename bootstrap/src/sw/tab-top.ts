// The page at the top of a tab: a shell.

import { shellDocument } from "./documents";
import type { Isolation } from "./isolation";
import type { Later } from "./later";
import { keptNote } from "./notes";
import { withoutFragment } from "./routing";
import type { Shells } from "./shells";

export class TabTop {
  constructor(
    private readonly shells: Shells,
    private readonly isolation: Isolation,
    private readonly later: Later,
  ) {}

  /** A form that was sent there waits for the shell's frame. */
  async page(request: Request): Promise<Response> {
    const url = withoutFragment(request.url);
    const policy = await this.isolation.ofTab(url, () => this.shells.policies());
    const mayBe = (await keptNote("guests")) !== undefined;
    const part = mayBe ? await this.later.forRequest(true) : undefined;
    const covered = (await part?.guests.covers(url)) ?? false;
    if (request.method === "GET" || request.method === "HEAD") {
      return shellDocument({ posted: false, covered }, policy);
    }
    const { notes } = part ?? (await this.later.part());
    await notes.form(url, request);
    return shellDocument({ posted: true, covered }, policy);
  }
}
