// The WebSockets of the app: pipes that wait for their opening, and those that are open.

import { type Pipe, channelOf, realmLock } from "../messages/socket";
import type { Link } from "./link";
import { AppSocket } from "./socket";

const KEPT = 256; // pipes that wait; the oldest is forgotten at the limit, and its opening fails

export class Sockets {
  private readonly waiting = new Map<string, MessagePort>();
  private readonly open = new Map<AppSocket, string>(); // and the lock of its realm
  private readonly watched = new Set<string>();

  /** A port of a page; the request that names `id` follows, or came before. */
  add(id: string, port: MessagePort): void {
    const [oldest] = this.waiting.keys();
    if (this.waiting.size >= KEPT && oldest !== undefined) this.waiting.delete(oldest);
    this.waiting.set(id, port);
  }

  /** The app has accepted it: from now on records go both ways. False where nobody waits for it. */
  begin(id: string, link: Link, stream: number): boolean {
    const pipe = this.pipe(id);
    if (!pipe) return false;
    const lock = realmLock(id);
    const socket = new AppSocket(pipe, link, stream, (over) => this.open.delete(over));
    this.open.set(socket, lock);
    link.give(stream, socket);
    this.watch(lock);
    return true;
  }

  /** It was refused, or given up. */
  drop(id: string): void {
    this.waiting.get(id)?.close();
    this.waiting.delete(id);
  }

  private pipe(id: string): Pipe | undefined {
    const channel = channelOf(id);
    if (channel !== undefined) return new BroadcastChannel(channel);
    const port = this.waiting.get(id);
    this.waiting.delete(id);
    return port;
  }

  // Granted when the realm no longer holds it: that is its death notice.
  private watch(lock: string): void {
    if (this.watched.has(lock)) return;
    this.watched.add(lock);
    void navigator.locks.request(lock, () => {
      this.watched.delete(lock);
      for (const [socket, of] of this.open) if (of === lock) socket.leave();
    });
  }
}
