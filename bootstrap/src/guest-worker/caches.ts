// The app's caches are the browser's own; ours among them are not to be seen. A response that a
// guest reads from one and passes on to a page is read again by the Service Worker itself.

import { isOurs } from "../messages/own-storage";

interface Kept {
  url: string;
  headers: [string, string][];
  options: MultiCacheQueryOptions;
}

const found = new WeakMap<Response, Kept>();
const names = new WeakMap<Cache, string>();

/** Where a response is kept; undefined: it did not come out of a cache. */
export function keptAs(response: Response): Kept | undefined {
  return found.get(response);
}

export function keepFromOurs(): void {
  const all = CacheStorage.prototype;
  const { keys, open, match: matchAny } = all;
  all.keys = async function () {
    return (await keys.call(this)).filter((name) => !isOurs(name));
  };
  all.open = async function (name) {
    const cache = await open.call(this, name);
    names.set(cache, name);
    return cache;
  };
  all.match = async function (request, options = {}) {
    const searched = options.cacheName === undefined ? await this.keys() : [options.cacheName];
    for (const cacheName of searched) {
      const response = await matchAny.call(this, request, { ...options, cacheName });
      if (response) return noted(response, request, { ...options, cacheName });
    }
    return undefined;
  };
  const { match } = Cache.prototype;
  Cache.prototype.match = async function (request, options) {
    const response = await match.call(this, request, options);
    const cacheName = names.get(this);
    if (response && cacheName !== undefined) noted(response, request, { ...options, cacheName });
    return response;
  };
}

function noted(
  response: Response,
  asked: RequestInfo | URL,
  options: MultiCacheQueryOptions,
): Response {
  const { url, headers } = asked instanceof Request ? asked : new Request(asked);
  found.set(response, { url, headers: [...headers], options });
  return response;
}
