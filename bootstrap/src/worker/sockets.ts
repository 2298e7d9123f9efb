// The WebSockets of the app that are open. Loaded with the first of them.

import { realmLock } from "../messages/socket";
import type { Link } from "./link";
import { Pipes } from "./pipes";
import { AppSocket } from "./socket";

export class Sockets {
  /** Of those that are being opened. */
  readonly pipes = new Pipes();
  private readonly open = new Map<AppSocket, string>(); // and the lock of its realm
  private readonly watched = new Set<string>();

  /** The app has accepted it: from now on records go both ways. False: nobody waits for it. */
  begin(id: string, link: Link, stream: number): boolean {
    const pipe = this.pipes.remove(id);
    if (!pipe) return false;
    const lock = realmLock(id);
    const socket = new AppSocket(pipe, link, stream, (over) => this.open.delete(over));
    this.open.set(socket, lock);
    link.handStream(stream, socket);
    this.watch(lock);
    return true;
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
