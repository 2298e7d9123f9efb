// Our own files, kept beside the Service Worker that names them: a new version of the edge may no
// longer have them.

import { OCTETS } from "../messages/sw-page";
import { sw } from "./scope";

const CACHE = `p2claw-${__VERSION__}`;

export async function storeAssets(): Promise<void> {
  const cache = await caches.open(CACHE);
  await cache.addAll([...__ASSET_URLS__]);
}

export async function dropOldAssets(): Promise<void> {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith("p2claw-") && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
}

export async function asset(request: Request): Promise<Response> {
  if (request.url.endsWith(OCTETS)) return new Response(null, { headers: { octet: "\xe9" } });
  const known = __ASSET_URLS__.includes(new URL(request.url).pathname);
  const kept = known ? await caches.match(request.url, { cacheName: CACHE }) : undefined;
  return kept ?? sw.fetch(request);
}
