// How long the bodies were that pages have had: some browsers count nothing of what a Service Worker
// responds with, and all count our tag. Sent to the shell, whose pages ask it (inject/performance).

import type { SwToPage } from "../messages/sw-page";

// One message reports the many pictures of a gallery.
const GATHER_MS = 20;

const gathered = new Map<Client, [url: string, bytes: number][]>();

export function reportSize(client: Client, url: string, bytes: number): void {
  const sizes = gathered.get(client);
  if (sizes) {
    sizes.push([url, bytes]);
    return;
  }
  gathered.set(client, [[url, bytes]]);
  setTimeout(() => {
    const news: SwToPage = { kind: "sizes", sizes: gathered.get(client) ?? [] };
    gathered.delete(client);
    client.postMessage(news);
  }, GATHER_MS);
}
