// The key of the box at the first visit to this host, or one that follows it, kept in IndexedDB: later
// visits compare. Under its alias it is a peer id and, if it follows others, those behind it, with a space
// before each. What else one visit leaves for the next is beside it.

const DATABASE = "p2claw";
const STORE = "pins";
// A database that does not open is one that is not there.
const OPEN_MS = 5_000;

/** What an earlier visit has kept under this name, if any. */
export function readKept(name: string): Promise<unknown> {
  return withStore("readonly", (store) => store.get(name));
}

export async function writeKept(name: string, value: unknown): Promise<void> {
  await withStore("readwrite", (store) => store.put(value, name));
}

async function withStore(
  mode: IDBTransactionMode,
  act: (store: IDBObjectStore) => IDBRequest,
): Promise<unknown> {
  const database = await open();
  try {
    const transaction = database.transaction(STORE, mode);
    const request = act(transaction.objectStore(STORE));
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
    });
    return request.result;
  } finally {
    database.close();
  }
}

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    setTimeout(reject, OPEN_MS);
  });
}
