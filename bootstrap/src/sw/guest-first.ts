// Requests that the app's own service workers are shown first, and what becomes of those that they leave
// alone: the app is asked, or another site, or another app under the same parent.

import type { Plain } from "./page-requests";
import { replyOf } from "./guest-reply";
import type { Guests } from "./guests";
import type { Base } from "./later";
import { isForSibling, isWorker } from "./routing";
import { sw } from "./scope";
import type { Shell } from "./shells";
import { askSibling } from "./siblings";
import { within } from "./tab-policy";
import type { WorkerScripts } from "./worker-script";

export class GuestFirst {
  constructor(
    private readonly guests: Guests,
    private readonly workerScripts: WorkerScripts,
    private readonly base: Base,
  ) {}

  /** ask: asks the app. */
  async intercept(
    event: FetchEvent,
    plain: Plain,
    shell: Shell,
    ask: () => Promise<Response>,
  ): Promise<Response> {
    const { guests, workerScripts, base } = this;
    const { request } = event;
    const { page } = plain;
    const script = page ? undefined : await guests.script(event, ask);
    if (script)
      return isWorker(request) ? within(shell.policy, await workerScripts.asGuest(script)) : script;
    const made = plain.post || plain.save !== undefined;
    const given = made ? undefined : await guests.respond(event, shell);
    if (!given) return ask();
    const { all } = base.own;
    if (!page) return isWorker(request) ? workerScripts.withOwn(given, all) : given;
    const asked = { ...plain, guest: await guests.inTag(plain.url) };
    return base.assemble(...replyOf(given, all), asked, shell);
  }

  /** A request for another site, of a page with a guest, or for a sibling. */
  async elsewhere(event: FetchEvent): Promise<Response> {
    const { shells, aborts } = this.base;
    const sibling = isForSibling(event.request, sw.location);
    const shell = await shells.of(event.clientId);
    const given = shell && (await this.guests.respond(event, shell));
    if (given || !sibling) return given ?? sw.fetch(event.request);
    return shell ? askSibling(event, shell, aborts) : Response.error();
  }
}
