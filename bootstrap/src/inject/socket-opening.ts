// Opens a WebSocket: an ordinary request, so that cookies, fields and the way to the box are those of
// requests, with a mark that names the pipe on which its messages then go.

import { marked } from "../messages/marks";
import {
  type Pipe,
  type SocketToWorker,
  type WorkerToSocket,
  realmLock,
  socketId,
} from "../messages/socket";

/** What differs between a page and a worker. */
export interface Realm {
  fetch: typeof fetch;
  /** The end of a pipe; its other end goes to the channel worker under this id. */
  pipe(id: string, url: string): Pipe;
  channel: boolean;
  /** The request with this mark is given up: the browser does not notify a Service Worker of that. */
  abort(id: string): void;
}

/** What the app accepted. */
export interface Accepted {
  protocol: string;
  extensions: string;
}

export interface SocketOwner {
  opened(accepted: Accepted): void;
  /** Not before `opened`. */
  receive(message: WorkerToSocket): void;
  failed(): void;
}

const NAME = crypto.randomUUID();
let held: Promise<void> | undefined;
let count = 0;

export class Opening {
  private pipe: Pipe | undefined;
  private readonly abort = new AbortController();
  private readonly early: WorkerToSocket[] = []; // that came before the response
  private open = false;
  private id = "";

  constructor(
    private readonly realm: Realm,
    private readonly owner: SocketOwner,
  ) {}

  async start(url: string, protocols: string): Promise<void> {
    const id = (this.id = socketId(NAME, this.realm.channel, (count += 1)));
    held ??= hold(realmLock(id));
    await held;
    try {
      this.abort.signal.throwIfAborted();
      this.pipe = this.realm.pipe(id, url);
      this.pipe.onmessage = ({ data }: MessageEvent<WorkerToSocket>) => this.receive(data);
      const response = await this.realm.fetch(marked(url, { socket: id, protocols, request: id }), {
        cache: "no-store",
        credentials: "include",
        redirect: "manual",
        referrerPolicy: "no-referrer",
        signal: this.abort.signal,
      });
      if (response.status !== 200) throw new Error(String(response.status));
      const field = (name: string): string => response.headers.get(`sec-websocket-${name}`) ?? "";
      this.open = true;
      this.owner.opened({ protocol: field("protocol"), extensions: field("extensions") });
      for (const message of this.early.splice(0)) this.owner.receive(message);
    } catch {
      this.drop();
      this.owner.failed();
    }
  }

  /** Give up before it is open. The channel worker learns of it by the pipe. */
  stop(): void {
    this.post({ kind: "close", code: undefined, reason: "" });
    this.realm.abort(this.id);
    this.abort.abort();
  }

  post(message: SocketToWorker, ...given: Transferable[]): void {
    if (this.pipe instanceof MessagePort) this.pipe.postMessage(message, given);
    else this.pipe?.postMessage(message);
  }

  /** Nothing more goes or comes. */
  drop(): void {
    if (this.pipe) this.pipe.onmessage = null;
    this.pipe?.close();
    this.pipe = undefined;
  }

  private receive(message: WorkerToSocket): void {
    if (this.open) this.owner.receive(message);
    else this.early.push(message);
  }
}

// As long as the realm lives.
function hold(lock: string): Promise<void> {
  return new Promise((resolve) => {
    const held = (): Promise<never> => {
      resolve();
      return new Promise(() => undefined);
    };
    navigator.locks.request(lock, held).catch(resolve);
  });
}
