// Our own files, kept beside the Service Worker that names them: a new version of the edge may no
// longer have them.

import { OCTETS } from "../messages/sw-page";
import { keptNote } from "./notes";
import { sw } from "./scope";

const CACHE = `p2claw-${__VERSION__}`;
const WHEN_NEEDED: readonly string[] = [
  __LATE_URL__,
  __SW_LATER_URL__,
  __SOCKETS_URL__,
  __INJECT_WORKER_URL__,
  __GUEST_URL__,
  __GUEST_WORKER_URL__,
];

export async function storeAssets(): Promise<void> {
  const cache = await caches.open(CACHE);
  const guests = (await keptNote("guests")) ? [__GUEST_URL__, __GUEST_WORKER_URL__] : [];
  // What is not needed now is there later, without the edge.
  await cache.addAll([...__ASSET_URLS__, __LATE_URL__, __SOCKETS_URL__, ...guests]);
}

export async function dropOldAssets(): Promise<void> {
  const names = await caches.keys();
  const old = names.filter((name) => /^p2claw-(?!guest-|notes$)/.test(name) && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
}

/** Whether a file of ours is on this machine. */
export async function isKept(path: string): Promise<boolean> {
  return (await caches.match(path, { cacheName: CACHE }).catch(() => undefined)) !== undefined;
}

export async function asset(path: string): Promise<Response> {
  if (path.endsWith(OCTETS)) return new Response(null, { headers: { octet: "\xe9" } });
  const late = WHEN_NEEDED.includes(path);
  if (!late && !__ASSET_URLS__.includes(path)) return sw.fetch(path);
  const kept = await caches.match(path, { cacheName: CACHE });
  if (kept) return kept;
  const found = await sw.fetch(path);
  // What few visits need is kept once it was needed.
  if (late && found.ok) await (await caches.open(CACHE)).put(path, found.clone());
  return found;
}
