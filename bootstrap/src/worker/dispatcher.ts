// Decides which request goes over which link, and which have to wait for a link or for room on one.

import type { Exchange } from "./exchange";
import type { Link } from "./link";

// What may wait: a gallery asks for tens of thousands of pictures at once, and each waits here as
// it would in the browser's own queue. Bounded by what it costs, not by number.
const WAITING_BYTES = 67_108_864;
const OFFLINE_MS = 15_000; // without a link
const PATIENT_MS = 30_000; // the same, for the rest of a response
const URGENCIES = 8;
// Streams that less urgent requests leave free, so that a click goes at once.
const URGENT = 2;
const RESERVED = 8;

export class Dispatcher {
  // Requests go over the first. Two attempts may open at once: the shell then drops the later one.
  private readonly links: Link[] = [];
  private readonly waiting = Array.from({ length: URGENCIES }, () => new Set<Exchange>());
  private waitingBytes = 0;
  private leftMs = -OFFLINE_MS;

  /** A request that has not been sent, or must be sent again. */
  add(exchange: Exchange): void {
    if (this.waitingBytes + exchange.heldBytes > WAITING_BYTES) {
      exchange.fail("busy");
      return;
    }
    this.waitingBytes += exchange.heldBytes;
    this.queue(exchange).add(exchange);
    this.watch(exchange);
    this.pump();
  }

  /** A request has ended, perhaps before it was sent. */
  remove(exchange: Exchange): void {
    if (this.queue(exchange).delete(exchange)) this.waitingBytes -= exchange.heldBytes;
  }

  use(link: Link): void {
    if (!this.links.includes(link)) this.links.push(link);
    this.pump();
  }

  /** Send nothing new over a link: another one that is open takes its place. */
  leave(link: Link): void {
    const at = this.links.indexOf(link);
    if (at >= 0) this.links.splice(at, 1);
    this.leftMs = performance.now();
    this.pump();
  }

  pump(): void {
    for (let link = this.current; link && link.room > 0; link = this.current) {
      const next = this.next(link);
      if (!next) return;
      this.remove(next);
      next.start(link);
    }
  }

  /** No link will come soon. */
  giveUp(): void {
    if (this.current) return;
    for (const exchange of this.waiting.flatMap((queue) => [...queue])) {
      if (exchange.patient) continue;
      this.remove(exchange);
      exchange.fail("offline");
    }
  }

  private get current(): Link | undefined {
    return this.links[0];
  }

  // The more urgent first, and in order among their like.
  private next(link: Link): Exchange | undefined {
    const last = link.room > RESERVED || link.openStreams === 0 ? URGENCIES : URGENT + 1;
    for (const queue of this.waiting.slice(0, last)) {
      for (const exchange of queue) return exchange;
    }
    return undefined;
  }

  private queue(exchange: Exchange): Set<Exchange> {
    return this.waiting[exchange.urgency] as Set<Exchange>;
  }

  // Only the time without a link counts, not that in which one is drained, before a box restarts. With a
  // link whose streams are all in use, a request waits on.
  private watch(exchange: Exchange): void {
    setTimeout(
      () => {
        if (!this.queue(exchange).has(exchange)) return;
        if (this.current || performance.now() - this.leftMs < OFFLINE_MS) {
          this.watch(exchange);
          return;
        }
        this.remove(exchange);
        exchange.fail(exchange.patient ? "lost" : "offline");
      },
      exchange.patient ? PATIENT_MS : OFFLINE_MS,
    );
  }
}
