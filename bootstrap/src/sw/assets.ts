// Our own files, kept beside the Service Worker that names them: a new version of the edge may no
// longer have them.

import { OCTETS } from "../messages/sw-page";
import { keptNote } from "./notes";
import { sw } from "./scope";

const CACHE = `p2claw-${__VERSION__}`;
// By then a visit has all that it loads. A tab may live longer than its version does at the edge, and then
// need a part that it has not had.
const SPARE_MS = 20_000;

export async function storeAssets(): Promise<void> {
  const cache = await caches.open(CACHE);
  const guests = (await keptNote("guests")) ? [__GUEST_URL__, __GUEST_WORKER_URL__] : [];
  // What is not needed now is there later, without the edge.
  const parts = [__PAGE_URL__, __LATE_URL__, __WORKER_LATER_URL__, __SOCKETS_URL__, ...guests];
  await cache.addAll([...__ASSET_URLS__, ...parts]);
}

export async function dropOldAssets(): Promise<void> {
  const names = await caches.keys();
  const old = names.filter((name) => /^p2claw-(?!guest-|notes$)/.test(name) && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
}

/** Keeps also what few visits need, once nobody waits for anything. */
export function storeLater(): void {
  setTimeout(() => {
    for (const url of __LATE_URLS__) asset(url).catch(() => undefined);
  }, SPARE_MS);
}

/** Whether a file of ours is on this machine. */
export async function isKept(path: string): Promise<boolean> {
  return (await found(path)) !== undefined;
}

export async function asset(path: string): Promise<Response> {
  if (path.endsWith(OCTETS)) return new Response(null, { headers: { octet: "\xe9" } });
  const late = __LATE_URLS__.includes(path);
  if (!late && !__ASSET_URLS__.includes(path)) return sw.fetch(path);
  const kept = await found(path);
  if (kept) return kept;
  const file = await sw.fetch(path);
  // What few visits need is kept once it was needed, where anything is.
  if (late && file.ok) {
    const copy = file.clone();
    const keeping = caches.open(CACHE).then((cache) => cache.put(path, copy));
    await keeping.catch(() => undefined);
  }
  return file;
}

// Storage that is denied costs what would be kept, and nothing else.
function found(path: string): Promise<Response | undefined> {
  return caches.match(path, { cacheName: CACHE }).catch(() => undefined);
}
