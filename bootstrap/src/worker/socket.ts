// One WebSocket of the app: records of its stream on the one side, messages of a page on the other.

import type { Pipe, SocketToWorker, WorkerToSocket } from "../messages/socket";
import { Code } from "../wire/codes";
import { StreamFault } from "../wire/faults";
import { type Record, RecordReader, encodeClose, encodePart } from "../wire/records";
import type { Link } from "./link";
import type { StreamOwner } from "./stream-owner";

// docs/WIRE.md: a queue that was above 256 KiB is `writable` again at 64 KiB.
const HIGH_WATER_BYTES = 262_144;
// What comes of a long message goes to the page in pieces of this size.
const PIECE_BYTES = 65_536;
// How soon a page learns that its messages have left, if no event tells of it.
const REPORT_MS = 50;

const GOING_AWAY = 1001; // RFC 6455 §7.4.1

type Outgoing = Exclude<SocketToWorker, { kind: "read" }>;

export class AppSocket implements StreamOwner {
  private readonly reader = new RecordReader();
  private readonly queue: Outgoing[] = [];
  private parts: Uint8Array[] = []; // of the message that comes, not yet posted to the page
  private partsBytes = 0;
  private pushedBytes = 0;
  private reportedBytes = 0;
  private reporting: ReturnType<typeof setTimeout> | undefined;
  private wake: (() => void) | undefined;
  private pumping = false;
  private sentClose = false;
  private pageGone = false;
  private over = false;

  constructor(
    private readonly pipe: Pipe,
    private readonly link: Link,
    private readonly stream: number,
    private readonly ended: (socket: AppSocket) => void,
  ) {
    pipe.onmessage = ({ data }: MessageEvent<SocketToWorker>) => this.receive(data);
  }

  /** The page is gone, or its worker: the app gets the Close that a browser would send. */
  leave(): void {
    if (this.pageGone) return;
    this.pageGone = true;
    this.link.consumed(this.stream, this.partsBytes);
    this.queue.length = 0;
    this.queue.push({ kind: "close", code: GOING_AWAY, reason: "" });
    void this.pump();
  }

  event(event: Parameters<StreamOwner["event"]>[0]): void {
    if (this.over) return;
    switch (event.kind) {
      case "data":
        this.read(event.data, event.end);
        return;
      case "writable":
        this.report();
        this.wake?.();
        return;
      case "response":
      case "trailers":
      case "reset":
      case "closed":
        this.lost();
        return;
      default:
        event satisfies never;
    }
  }

  lost(failed = true): void {
    this.finish({ kind: "lost", failed });
  }

  private receive(message: SocketToWorker): void {
    if (this.over) return;
    if (message.kind === "read") {
      this.link.consumed(this.stream, message.bytes);
      return;
    }
    this.queue.push(message);
    void this.pump();
  }

  private read(data: Uint8Array, end: boolean): void {
    let records: Record[];
    try {
      records = this.reader.feed(data);
    } catch (error) {
      if (!(error instanceof StreamFault)) throw error;
      this.link.reset(this.stream, Code.PROTOCOL);
      this.lost();
      return;
    }
    let forPage = 0;
    for (const record of records) {
      if (record.kind === "close") {
        this.closeOurHalf();
        this.finish({ kind: "closed", code: record.code, reason: record.reason });
        return;
      }
      if (this.pageGone) continue;
      forPage += record.data.length;
      this.part(record.text, record.data, record.final);
    }
    // Heads of records are nobody's to read.
    this.link.consumed(this.stream, data.length - forPage);
    if (end) this.lost(false);
  }

  private part(text: boolean, data: Uint8Array, final: boolean): void {
    this.parts.push(data);
    this.partsBytes += data.length;
    if (!final && this.partsBytes < PIECE_BYTES) return;
    const bytes = new Uint8Array(this.partsBytes);
    let at = 0;
    for (const part of this.parts) {
      bytes.set(part, at);
      at += part.length;
    }
    this.parts = [];
    this.partsBytes = 0;
    this.post({ kind: "part", text, bytes, final }, bytes.buffer);
  }

  // The box has already sent the app a Close of its own: only our half of the stream is still open.
  private closeOurHalf(): void {
    if (this.sentClose) return;
    this.sentClose = true;
    this.link.send(this.stream, encodeClose(undefined, ""), true);
  }

  private async pump(): Promise<void> {
    if (this.pumping) return;
    this.pumping = true;
    for (let next = this.queue.shift(); next && !this.sentClose; next = this.queue.shift()) {
      if (next.kind === "close") {
        this.sentClose = true;
        this.link.send(this.stream, encodeClose(next.code, next.reason), true);
      } else if (next.data instanceof Blob) {
        await this.pushBlob(next.data);
      } else {
        await this.push(next.text, next.data, true);
      }
    }
    this.pumping = false;
  }

  private async pushBlob(blob: Blob): Promise<void> {
    const reader = blob.stream().getReader();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        await this.push(false, value ?? new Uint8Array(), done);
        if (done || this.over) return;
      }
    } catch {
      // A file that cannot be read any more: what the app has of the message never ends.
      this.link.reset(this.stream, Code.CANCEL);
      this.lost();
    }
  }

  private async push(text: boolean, data: Uint8Array, final: boolean): Promise<void> {
    let at = 0;
    for (const record of encodePart(text, data, final)) {
      if (this.over || this.sentClose) return;
      const payload = record.length - 3;
      at += payload;
      this.pushedBytes += payload;
      this.link.send(this.stream, record, false);
      if (this.link.queued(this.stream) > HIGH_WATER_BYTES) {
        await new Promise<void>((resolve) => {
          this.wake = resolve;
        });
      }
      this.report();
    }
  }

  private report(): void {
    clearTimeout(this.reporting);
    this.reporting = undefined;
    const sent = this.pushedBytes - this.link.queued(this.stream);
    if (sent > this.reportedBytes) {
      this.post({ kind: "sent", bytes: sent - this.reportedBytes });
      this.reportedBytes = sent;
    }
    if (this.reportedBytes < this.pushedBytes && !this.over) {
      this.reporting = setTimeout(() => this.report(), REPORT_MS);
    }
  }

  private post(message: WorkerToSocket, ...transferred: Transferable[]): void {
    if (this.pageGone) return;
    if (this.pipe instanceof MessagePort) this.pipe.postMessage(message, transferred);
    else this.pipe.postMessage(message);
  }

  private finish(last: WorkerToSocket): void {
    if (this.over) return;
    this.report();
    this.over = true;
    clearTimeout(this.reporting);
    this.post(last);
    this.wake?.();
    this.pipe.onmessage = null;
    // Not close(): what was posted last would be lost with a port in some browsers.
    this.ended(this);
  }
}
