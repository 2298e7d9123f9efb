// What is registered, as this tab knows it: the Service Worker keeps it, and is asked for each change.

import {
  type GuestList,
  type GuestRegistration,
  registrationOf,
  versionsOf,
} from "../messages/guest";
import type { GuestHome } from "../messages/guest-page";

export class Registrations {
  all: GuestRegistration[] = [];
  private count = 0;

  /** changed: claimed is a scope whose pages have just been claimed. */
  constructor(
    private readonly home: GuestHome,
    private readonly changed: (claimed: string | undefined) => void,
  ) {}

  of(scope: string): GuestRegistration | undefined {
    return this.all.find((one) => one.scope === scope);
  }

  /** The one that controls pages of this URL. */
  controlling(url: string): GuestRegistration | undefined {
    return registrationOf(this.all, url);
  }

  ofVersion(id: string): GuestRegistration | undefined {
    return this.all.find((one) => versionsOf(one).some((version) => version.id === id));
  }

  /** The list as the Service Worker has it now; one that is older than what is known changes nothing. */
  become({ list, claimed, count }: GuestList): void {
    if (count <= this.count) return;
    this.count = count;
    this.all = list;
    this.changed(claimed);
  }

  async read(): Promise<void> {
    this.become((await this.home.ask({ do: "list" })) as GuestList);
  }

  async set(registration: GuestRegistration, claim = false): Promise<void> {
    this.become((await this.home.ask({ do: "set", registration, claim })) as GuestList);
  }

  async remove(scope: string): Promise<void> {
    this.become((await this.home.ask({ do: "remove", scope })) as GuestList);
  }

  /** Its active version controls all pages in its scope from now on. */
  async claim(scope: string): Promise<void> {
    const now = this.of(scope);
    if (now?.active) await this.set(now, true);
  }

  /** How many pages it controls. */
  async controlled(scope: string): Promise<number> {
    return (await this.home.ask({ do: "count", scope })) as number;
  }
}
