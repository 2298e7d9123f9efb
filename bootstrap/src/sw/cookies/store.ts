// Where cookies are while the Service Worker is stopped: one record in IndexedDB, written as a whole.

import type { Cookie } from "../../cookies/parse";

export interface Kept {
  cookies: Cookie[];
  /** The browser session in which it was put down. */
  session: string;
  /** How many writes of each shell's pages are in it. */
  wrote: [lock: string, count: number][];
}

const NAME = "p2claw-cookies";
const STORE = "kept";
const KEY = 0;
// What takes longer is not there.
const MOST_MS = 5_000;

/** undefined: nothing is kept, or it cannot be read. */
export function load(): Promise<Kept | undefined> {
  return withStore("readonly", (store) => store.get(KEY) as IDBRequest<Kept | undefined>);
}

/** Where a browser keeps nothing, cookies live as long as the Service Worker does. */
export async function save(kept: Kept): Promise<void> {
  await withStore("readwrite", (store) => store.put(kept, KEY));
}

// Opened each time: a connection of ours would stand in the way of whoever clears the site's data.
async function withStore<T>(
  mode: IDBTransactionMode,
  act: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T | undefined> {
  try {
    const opening = indexedDB.open(NAME, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    const database = await settled(opening);
    try {
      return await settled(act(database.transaction(STORE, mode).objectStore(STORE)));
    } finally {
      database.close();
    }
  } catch {
    return undefined;
  }
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = reject;
    setTimeout(reject, MOST_MS);
  });
}
