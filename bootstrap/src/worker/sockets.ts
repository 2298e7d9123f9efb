// The WebSockets of the app that are open. Loaded with the first of them.

import { type Pipe, realmLock } from "../messages/socket";
import type { Link } from "./link";
import { AppSocket } from "./socket";

export class Sockets {
  private readonly open = new Map<AppSocket, string>(); // and the lock of its realm
  private readonly watched = new Set<string>();

  /** The app has accepted it: from now on records go both ways. */
  begin(id: string, pipe: Pipe, link: Link, stream: number): void {
    const lock = realmLock(id);
    const socket = new AppSocket(pipe, link, stream, (over) => this.open.delete(over));
    this.open.set(socket, lock);
    link.handStream(stream, socket);
    this.watch(lock);
  }

  // The lock is granted once the realm no longer holds it, which is when the realm has ended.
  private watch(lock: string): void {
    if (this.watched.has(lock)) return;
    this.watched.add(lock);
    void navigator.locks.request(lock, () => {
      this.watched.delete(lock);
      for (const [socket, of] of this.open) if (of === lock) socket.leave();
    });
  }
}
