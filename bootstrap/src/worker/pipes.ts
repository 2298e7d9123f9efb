// Pipes of WebSockets that are being opened, until the app has accepted them.

import { type Pipe, channelOf } from "../messages/socket";

const KEPT = 256; // the oldest is forgotten at the limit, and its opening fails

export class Pipes {
  private readonly waiting = new Map<string, MessagePort>();

  /** A port of a page; the request that names `id` follows, or came before. */
  add(id: string, port: MessagePort): void {
    const [oldest] = this.waiting.keys();
    if (this.waiting.size >= KEPT && oldest !== undefined) this.waiting.delete(oldest);
    this.waiting.set(id, port);
  }

  /** The pipe of an opened WebSocket, no longer kept here; undefined: nobody waits at its other end. */
  remove(id: string): Pipe | undefined {
    const channel = channelOf(id);
    if (channel !== undefined) return new BroadcastChannel(channel);
    const port = this.waiting.get(id);
    this.waiting.delete(id);
    return port;
  }

  /** The opening was refused, or given up. */
  drop(id: string | undefined): void {
    if (id === undefined) return;
    this.waiting.get(id)?.close();
    this.waiting.delete(id);
  }
}
