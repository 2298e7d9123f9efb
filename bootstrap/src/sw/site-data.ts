// `Clear-Site-Data`: browsers act on it for responses off the network only. Here it takes what is the
// app's, and leaves what is ours: the pin of the box's key, our files, and the visit itself.

import { isOurs } from "../messages/own-storage";
import type { SwToPage } from "../messages/sw-page";
import { sw } from "./scope";

interface Kept {
  clear(): Promise<void>;
}

// A page that is busy, or a database that a worker of the app holds open, does not hold up the response.
const LONGEST_MS = 2_000;

/** Resolves when it is done: a page that has the response finds nothing left. */
export async function clearSiteData(
  types: Set<string>,
  cache: Kept,
  cookies: Kept,
  guests: Kept,
): Promise<void> {
  if (!types.size) return;
  const steps: Promise<void>[] = [];
  // What the same response sets goes too, as in Chromium.
  if (types.has("cookies")) steps.push(cookies.clear());
  if (types.has("cache")) steps.push(cache.clear());
  if (types.has("storage"))
    steps.push(guests.clear(), inPages(), appDatabases(), appCaches(), appFiles());
  const done = Promise.allSettled(steps);
  await Promise.race([done, new Promise((resolve) => setTimeout(resolve, LONGEST_MS))]);
}

// localStorage and sessionStorage are out of reach here, and so are connections to databases.
async function inPages(): Promise<void> {
  const pages = await sw.clients.matchAll({ type: "window" });
  await Promise.all(
    pages.map(
      (page) =>
        new Promise((resolve) => {
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = resolve;
          page.postMessage({ kind: "clear-storage" } satisfies SwToPage, [port2]);
        }),
    ),
  );
}

async function appDatabases(): Promise<void> {
  const all = await indexedDB.databases();
  const theirs = all.flatMap(({ name }) => (name !== undefined && !isOurs(name) ? [name] : []));
  await Promise.all(
    theirs.map(
      (name) =>
        new Promise((resolve) => {
          const request = indexedDB.deleteDatabase(name);
          request.onsuccess = request.onerror = resolve;
        }),
    ),
  );
}

async function appCaches(): Promise<void> {
  const theirs = (await caches.keys()).filter((name) => !isOurs(name));
  await Promise.all(theirs.map((name) => caches.delete(name)));
}

async function appFiles(): Promise<void> {
  const root = await navigator.storage.getDirectory();
  for await (const name of root.keys()) await root.removeEntry(name, { recursive: true });
}
