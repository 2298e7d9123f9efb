// Synchronous requests of pages, in the browser that sends them past the Service Worker: a worker asks
// for them, and this thread waits for the files that the response comes by (`sync-request.ts`).

import {
  STATE,
  type SyncHead,
  type SyncMessage,
  type SyncReady,
  type SyncRequest,
} from "../messages/sync-request";

// A browser waits as long as the server does. Here a request ends with its link, and the worker may be
// gone: it says at once that it asks, and takes the file away where it can write none.
const MOST_MS = 300_000;
const SIGN_MS = 5_000;

export interface SyncResponse extends NonNullable<SyncHead["response"]> {
  body: Uint8Array<ArrayBuffer>;
}

export class SyncRequests {
  /** Whether this browser has the way. */
  readonly opened: Promise<boolean>;
  private readonly worker: Worker | undefined;
  private folder: string | undefined;

  constructor() {
    if (!("webkitRequestFileSystem" in self)) {
      this.opened = Promise.resolve(false);
      return;
    }
    const worker = new Worker(__SYNC_URL__);
    this.worker = worker;
    this.opened = new Promise((resolve) => {
      // Storage may be denied.
      worker.onerror = () => resolve(false);
      worker.onmessage = ({ data }: MessageEvent<SyncReady>) => {
        this.folder = data.folder;
        resolve(true);
      };
    });
  }

  /** The way is open. */
  get ready(): boolean {
    return this.folder !== undefined;
  }

  /** undefined: a network error. */
  ask(request: SyncRequest): SyncResponse | undefined {
    const id = crypto.randomUUID();
    this.post({ kind: "ask", id, ...request });
    const { response } = this.wait(id) ?? {};
    if (!response) return undefined;
    const text = this.read(id, "text/plain; charset=x-user-defined") ?? "";
    const body = Uint8Array.from(text, (unit) => unit.charCodeAt(0) & 0xff);
    this.post({ kind: "done", id });
    return { ...response, body };
  }

  private wait(id: string): SyncHead | undefined {
    const mostMs = performance.now() + MOST_MS;
    let untilMs = performance.now() + SIGN_MS;
    while (performance.now() < untilMs) {
      const text = this.read(STATE, "text/plain; charset=utf-8");
      if (!text?.startsWith(id)) continue;
      const head = headOf(text.slice(id.length));
      if (head) return head;
      untilMs = Math.min(mostMs, performance.now() + SIGN_MS);
    }
    return undefined;
  }

  // undefined: it changed just now.
  private read(name: string, type: string): string | undefined {
    const request = new XMLHttpRequest();
    request.open("GET", `${this.folder ?? ""}/${name}`, false);
    request.overrideMimeType(type);
    try {
      request.send();
    } catch {
      return undefined;
    }
    return request.status === 200 ? request.responseText : undefined;
  }

  private post(message: SyncMessage): void {
    this.worker?.postMessage(message);
  }
}

// undefined: not yet whole.
function headOf(text: string): SyncHead | undefined {
  try {
    return JSON.parse(text) as SyncHead;
  } catch {
    return undefined;
  }
}
