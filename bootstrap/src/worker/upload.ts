// The way up of one request's body: read at the speed at which the stream sends it, never ahead of its
// queue.

import type { Link } from "./link";

// docs/WIRE.md: a queue that was above 256 KiB is `writable` again at 64 KiB.
const HIGH_WATER_BYTES = 262_144;
const STEP_BYTES = 65_536;

/** A body that can be read: a stream once, a Blob or bytes again and again. */
export type Source =
  | { kind: "bytes"; bytes: Uint8Array<ArrayBuffer> }
  | { kind: "stream"; stream: ReadableStream<Uint8Array<ArrayBuffer>> }
  | { kind: "blob"; blob: Blob };

export interface UploadOwner {
  /** The page broke its body off. */
  broken(): void;
  /** whole: that was all of it. */
  sent(bytes: number, whole: boolean): void;
}

export class Upload {
  private reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | undefined;
  private wake: (() => void) | undefined;
  private pushedBytes = 0;
  private stopped = false;

  constructor(
    private readonly source: Source,
    private readonly link: Link,
    private readonly stream: number,
    private readonly owner: UploadOwner,
  ) {}

  start(): void {
    if (this.source.kind === "bytes") {
      this.link.send(this.stream, this.source.bytes, true);
      return;
    }
    const { source } = this;
    this.reader = (source.kind === "blob" ? source.blob.stream() : source.stream).getReader();
    this.pump(this.reader).catch(() => {
      if (!this.stopped) this.owner.broken();
    });
  }

  /** The stream's queue is low again. */
  writable(): void {
    this.report();
    this.wake?.();
  }

  /** Nobody reads it any more. */
  stop(): void {
    if (this.stopped) return;
    this.stopped = true;
    this.wake?.();
    // A body that is already over, or whose page is gone, has nothing to cancel.
    this.reader?.cancel().catch(() => undefined);
  }

  private async pump(reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>): Promise<void> {
    for (;;) {
      const { done, value } = await reader.read();
      if (this.stopped) return;
      if (done) {
        this.link.send(this.stream, new Uint8Array(), true);
        // What the queue still has, a browser's own buffers would have as well.
        this.owner.sent(this.pushedBytes, true);
        return;
      }
      // A piece may have megabytes: it is queued, and its progress reported, in smaller steps.
      for (let at = 0; at < value.length; at += STEP_BYTES) {
        await this.push(value.subarray(at, at + STEP_BYTES));
        if (this.stopped) return;
      }
    }
  }

  private async push(part: Uint8Array<ArrayBuffer>): Promise<void> {
    this.pushedBytes += part.length;
    this.link.send(this.stream, part, false);
    if (this.link.queued(this.stream) > HIGH_WATER_BYTES) await this.room();
    this.report();
  }

  private room(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }

  private report(): void {
    this.owner.sent(this.pushedBytes - this.link.queued(this.stream), false);
  }
}
