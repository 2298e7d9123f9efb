// Which guests are registered: kept from one start of the Service Worker to the next, reported to all
// shells, and by which of them a page is controlled.

import {
  type GuestList,
  type GuestNews,
  type GuestRegistration,
  registrationOf,
  versionsOf,
} from "../messages/guest";
import { unmarked } from "../messages/marks";
import type { SwToPage } from "../messages/sw-page";
import { keepNote, keptNote } from "./notes";
import { withoutFragment } from "./routing";
import { sw } from "./scope";
import type { Shells } from "./shells";

const NOTE = "guests";

export class GuestRegistrations {
  private list: GuestRegistration[] = [];
  private count = 0;
  private setting: Promise<unknown> = Promise.resolve();
  /** Pages that were there before their guest was, and that it has not claimed. */
  private readonly free = new Set<string>();
  /** Resolves once the list has been read. */
  readonly known = keptNote(NOTE).then((kept) => {
    this.list = (kept as { list: GuestRegistration[] } | undefined)?.list ?? [];
  });

  constructor(private readonly shells: Shells) {}

  get any(): boolean {
    return this.list.length > 0;
  }

  /** Whether a guest may want to see requests, as far as is known just now. */
  get watch(): boolean {
    return this.list.some(({ active }) => active?.fetches);
  }

  /** The registration whose scope a page is in. */
  of(url: string): GuestRegistration | undefined {
    return registrationOf(this.list, url);
  }

  /** The registration that one version of a guest belongs to. */
  ofVersion(id: string): GuestRegistration | undefined {
    return this.list.find((one) => versionsOf(one).some((version) => version.id === id));
  }

  /** The registration that controls who makes this request. */
  async controlling({ request, clientId }: FetchEvent): Promise<GuestRegistration | undefined> {
    if (request.mode === "navigate") return this.of(withoutFragment(request.url));
    if (this.free.has(clientId)) return undefined;
    if (this.shells.all.some(({ client }) => client.id === clientId)) return undefined;
    const client = await sw.clients.get(clientId);
    if (!client) return undefined;
    // The guests themselves.
    const scripts = this.list.flatMap((one) => versionsOf(one).map(({ script }) => script));
    if (client.type === "worker" && scripts.includes(unmarked(client.url))) return undefined;
    return this.of(client.url);
  }

  /** The app's pages in a scope. Shells are above them, and have the same URL. */
  async pages(scope: string): Promise<Client[]> {
    const all = await sw.clients.matchAll({ type: "window", includeUncontrolled: true });
    return all.filter(({ url, frameType }) => frameType === "nested" && url.startsWith(scope));
  }

  /** Those of them that a guest controls. */
  async controlled(scope: string): Promise<Client[]> {
    return (await this.pages(scope)).filter(({ id }) => !this.free.has(id));
  }

  /** A registration is new or has changed. claim: it controls all pages in its scope. */
  set(registration: GuestRegistration, claim: boolean): Promise<unknown> {
    // One after the other: each waits for the browser in between.
    this.setting = this.setting.then(() => this.replace(registration, claim));
    return this.setting;
  }

  remove(scope: string): Promise<GuestList> {
    return this.become(this.list.filter((one) => one.scope !== scope));
  }

  async clear(): Promise<void> {
    await this.become([]);
  }

  /** The list as shells are to know it. claimed: a scope whose pages have just been claimed. */
  news(claimed?: string): GuestList {
    this.count = Math.max(this.count + 1, Date.now());
    return { do: "list", list: this.list, claimed, count: this.count };
  }

  private async replace(registration: GuestRegistration, claim: boolean): Promise<GuestList> {
    const { scope } = registration;
    const before = this.list.find((one) => one.scope === scope);
    const pages = await this.pages(scope);
    if (claim) for (const { id } of pages) this.free.delete(id);
    else if (registration.active && !before?.active) for (const { id } of pages) this.free.add(id);
    const others = this.list.filter((one) => one.scope !== scope);
    return this.become([...others, registration], claim ? scope : undefined);
  }

  private async become(list: GuestRegistration[], claimed?: string): Promise<GuestList> {
    this.list = list;
    await keepNote(NOTE, { list });
    const news = this.news(claimed);
    for (const { client } of this.shells.all) postNews(client, news);
    return news;
  }
}

export function postNews(client: Client, news: GuestNews, given: MessagePort[] = []): void {
  client.postMessage({ kind: "guest", news } satisfies SwToPage, given);
}
