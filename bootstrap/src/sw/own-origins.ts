// What the Service Worker knows of the app's other names: from the heads of pages, and, once it was
// stopped and started again, from the pages themselves.

import { mayBeOwn, renamed } from "../messages/own-origins";
import { sw } from "./scope";

// For the page to say so, after its shell has been found.
const WAIT_MS = 1_000;

export class OwnOrigins {
  private origins: ReadonlySet<string> | undefined;
  private readonly waiting: (() => void)[] = [];

  learn(origins: readonly string[]): void {
    if (origins.length || !this.origins) this.origins = new Set(origins);
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  get all(): readonly string[] {
    return [...(this.origins ?? [])];
  }

  /** Whether a request for another origin is perhaps the app's; not for pages, which never ask. */
  perhaps(request: { url: string; mode: string }): boolean {
    const url = new URL(request.url);
    if (request.mode === "navigate" || !mayBeOwn(url)) return false;
    return this.origins?.has(url.origin) ?? true;
  }

  /** Resolves once the names are known, or do not come in time. */
  async known(): Promise<void> {
    if (this.origins) return;
    await new Promise<void>((resolve) => {
      this.waiting.push(resolve);
      setTimeout(resolve, WAIT_MS);
    });
  }

  /** The URL under the name that the app is visited by, where it has another. */
  mapped(url: string): string {
    const { origin } = sw.location;
    return renamed(new URL(url), this.origins ?? new Set(), origin)?.href ?? url;
  }
}
