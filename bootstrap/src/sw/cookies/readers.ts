// The shells, as readers of the app's cookies: each change is sent to them.

import { type Changes } from "../../cookies/jar";
import type { Cookie } from "../../cookies/parse";
import type { SwToPage } from "../../messages/sw-page";
import type { CookieNews } from "../../messages/sw-worker";

// A page that is busy so long will read the news before the response that waited for it.
const READ_MS = 300;

/** A shell, as messages are sent to it. */
export interface ShellPage {
  postMessage(message: SwToPage, transferred?: Transferable[]): void;
}

export interface Reader {
  readonly lock: string;
  readonly client: ShellPage;
  readonly port: MessagePort;
}

export class Readers {
  private readonly savedOf = new Map<string, number>();

  constructor(private readonly all: () => Iterable<Reader>) {}

  /** until: resolves once the shell with this lock has read it, "*": all. count: of its writes. */
  async send(
    { changed, deleted }: Changes,
    count: (lock: string) => number,
    until: string | undefined,
  ): Promise<void> {
    const reading: Promise<void>[] = [];
    for (const { lock, client } of this.all()) {
      const saved = this.savedOf.get(lock) ?? 0;
      const news: SwToPage = {
        kind: "cookies",
        changed: changed.map(shown),
        deleted: deleted.map(shown),
        wrote: count(lock),
        saved,
      };
      if (until === "*" || until === lock) reading.push(replied(client, news));
      else client.postMessage(news);
    }
    await Promise.all(reading);
  }

  /** For what tabs ask for as they are closed. */
  whole(cookies: Cookie[], of: Iterable<{ port: MessagePort }> = this.all()): void {
    for (const { port } of of) port.postMessage({ cookies } satisfies CookieNews);
  }

  /** Everything up to these counts is put down. */
  saved(counts: [lock: string, count: number][]): void {
    for (const { lock, client } of this.all()) {
      const count = new Map(counts).get(lock) ?? 0;
      if (count <= (this.savedOf.get(lock) ?? 0)) continue;
      this.savedOf.set(lock, count);
      const news: SwToPage = {
        kind: "cookies",
        changed: [],
        deleted: [],
        wrote: count,
        saved: count,
      };
      client.postMessage(news);
    }
  }
}

/** Of a cookie what a page may know. */
export function shown(cookie: Cookie): Cookie {
  return cookie.httpOnly ? { ...cookie, value: "" } : cookie;
}

function replied(client: ShellPage, news: SwToPage): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    const over = (): void => {
      port1.close();
      resolve();
    };
    port1.onmessage = over;
    setTimeout(over, READ_MS);
    client.postMessage(news, [port2]);
  });
}
