// The receive window of a stream: what may still come, and when to grant more. How it grows is `room`'s.

import { Code } from "./codes";
import { StreamFault } from "./faults";
import type { Growth, Room } from "./room";

// docs/WIRE.md §5: grant when the consumer has read a quarter of the window since the last grant.
const GRANTS_PER_WINDOW = 4;

export class ReceiveWindow {
  credit: number; // body bytes that may still come
  read = 0; // bytes that were read, and not granted again yet
  private growth: Growth | undefined;

  /** link: the windows of one link grow in its room, once there is one. */
  constructor(
    public bytes: number,
    private readonly link: { room?: Room },
  ) {
    this.credit = bytes;
  }

  /** Count n body bytes that came. Throws StreamFault FLOW_CONTROL. */
  received(n: number): void {
    if (n > this.credit) {
      throw new StreamFault(`${n} bytes on a credit of ${this.credit}`, Code.FLOW_CONTROL);
    }
    this.credit -= n;
  }

  /** Count n body bytes as read. Returns the credit to grant now, or 0. Without a time it keeps its size. */
  consumed(n: number, now?: number): number {
    this.read += n;
    if (now !== undefined) (this.growth ??= this.link.room?.growth(this))?.tune(n, now);
    if (this.read * GRANTS_PER_WINDOW < this.bytes) return 0;
    this.growth?.shrink();
    const grant = this.read;
    this.read = 0;
    this.credit += grant;
    return grant;
  }

  /** The stream is over: the windows of others may grow instead. */
  close(): void {
    this.growth?.close();
  }
}
