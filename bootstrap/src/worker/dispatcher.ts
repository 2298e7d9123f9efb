// Which request goes over which link, and which wait: for a link, or for room on it.

import type { Exchange } from "./exchange";
import type { Link } from "./link";

const WAITING = 512; // requests; one more is told that the box is busy
const OFFLINE_MS = 15_000; // without a link

export class Dispatcher {
  private current: Link | undefined;
  private readonly waiting: Exchange[] = [];

  /** Take a request that has not been sent, or must be sent again. */
  add(exchange: Exchange): void {
    if (this.waiting.length >= WAITING) {
      exchange.fail("busy");
      return;
    }
    // The more urgent first, and in order among their like.
    const at = this.waiting.findIndex((other) => other.urgency > exchange.urgency);
    this.waiting.splice(at < 0 ? this.waiting.length : at, 0, exchange);
    this.watch(exchange);
    this.pump();
  }

  /** A request has ended, perhaps before it was sent. */
  remove(exchange: Exchange): void {
    const at = this.waiting.indexOf(exchange);
    if (at >= 0) this.waiting.splice(at, 1);
  }

  use(link: Link): void {
    this.current = link;
    this.pump();
  }

  /** Send nothing new over a link. */
  leave(link: Link): void {
    if (this.current === link) this.current = undefined;
  }

  pump(): void {
    while (this.current && this.current.room > 0) {
      const next = this.waiting.shift();
      if (!next) return;
      next.start(this.current);
    }
  }

  /** No link will come soon. */
  giveUp(): void {
    if (this.current) return;
    for (const exchange of this.waiting.splice(0)) exchange.fail("offline");
  }

  // Only the time without a link counts: where all streams are taken, waiting is all one can do.
  private watch(exchange: Exchange): void {
    setTimeout(() => {
      if (!this.waiting.includes(exchange)) return;
      if (this.current) this.watch(exchange);
      else exchange.fail("offline");
    }, OFFLINE_MS);
  }
}
