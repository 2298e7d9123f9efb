// Opens a WebSocket: an ordinary request, so that cookies, fields and the way to the box are those of
// requests, with a mark that names the pipe on which its messages then go.

import type { SocketRealm } from "../messages/app-socket";
import { marked } from "../messages/marks";
import {
  type Pipe,
  type SocketToWorker,
  type WorkerToSocket,
  realmLock,
  socketId,
} from "../messages/socket";

/** A page or worker that has WebSockets. */
export interface SocketPlace extends SocketRealm {
  /** Its globals. */
  own: typeof globalThis;
  name: string;
  /** Of those that it has opened. */
  count: number;
  /** Resolves once its lock is held. */
  held: Promise<void> | undefined;
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

export class Opening {
  private pipe: Pipe | undefined;
  private readonly abort: AbortController;
  private readonly early: WorkerToSocket[] = []; // that came before the response
  private open = false;
  private id = "";

  constructor(
    private readonly place: SocketPlace,
    private readonly owner: SocketOwner,
  ) {
    this.abort = new place.own.AbortController();
  }

  async start(url: string, protocols: string): Promise<void> {
    const { place } = this;
    const id = (this.id = socketId(place.name, place.channel, (place.count += 1)));
    place.held ??= hold(realmLock(id), place.own);
    await place.held;
    try {
      this.abort.signal.throwIfAborted();
      this.pipe = place.pipe(id, url);
      this.pipe.onmessage = ({ data }: MessageEvent<WorkerToSocket>) => this.receive(data);
      const response = await place.fetch(marked(url, { socket: id, protocols, request: id }), {
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
    this.place.abort(this.id);
    this.abort.abort();
  }

  post(message: SocketToWorker, ...given: Transferable[]): void {
    if (this.place.channel) this.pipe?.postMessage(message);
    else (this.pipe as MessagePort | undefined)?.postMessage(message, given);
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
function hold(lock: string, { navigator }: typeof globalThis): Promise<void> {
  return new Promise((resolve) => {
    const held = (): Promise<never> => {
      resolve();
      return new Promise(() => undefined);
    };
    navigator.locks.request(lock, held).catch(resolve);
  });
}
