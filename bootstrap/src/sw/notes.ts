// What this Service Worker remembers from one start to the next, whatever its version.

import { OUR_PREFIX } from "../messages/our-paths";

const NOTES = "p2claw-notes";

/** What is remembered; undefined: nothing, or it cannot be read. */
export async function keptNote(name: string): Promise<unknown> {
  const found = caches.match(OUR_PREFIX + name, { cacheName: NOTES });
  return (await found.catch(() => undefined))?.json();
}

export async function keepNote(name: string, note: object): Promise<void> {
  const opening = caches.open(NOTES);
  await opening
    .then((cache) => cache.put(OUR_PREFIX + name, new Response(JSON.stringify(note))))
    .catch(() => undefined);
}
