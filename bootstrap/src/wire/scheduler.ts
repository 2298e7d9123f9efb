// All that waits to be sent on one session, and the order in which it goes. Source: docs/WIRE.md §5, §6.

import { LocalFault } from "./faults";
import { FLAG_END, FrameType, HEADER_BYTES, PAYLOAD_BYTES, encodeHeader } from "./frame";
import { CREDIT_MAX, LIMITS } from "./limits";
import { Outgoing } from "./outgoing";
import { OutgoingMessage } from "./outgoing-message";

// A quantum is one full DATA frame, so that a lone stream sends whole messages.
const QUANTUM_BYTES = PAYLOAD_BYTES;
const FRESH_BYTES = 65_536;
const FRESH_URGENCY = 1;
const BULK_TURN = 8;

// A DATA frame is not cut shorter than this only to fill the rest of a message: 8 bytes of header
// on 1,024 of body is below 1 %.
const SPLIT_BYTES = 1_024;

export interface Notice {
  /** finished: the stream's END has gone, and it is forgotten. */
  kind: "finished" | "writable";
  stream: number;
}

/** Keeps the buffers of `push`, without a copy, until they have gone. */
export class Scheduler {
  /** Bytes of session frames, RESET and WINDOW that wait. */
  controlBytes = 0;
  private readonly streams = new Map<number, Outgoing>();
  private readonly waiting: Uint8Array[] = [];
  private readonly heads: Outgoing[] = [];
  private readonly fresh: Outgoing[] = [];
  private readonly bulk: Outgoing[] = [];
  private turn = 0;
  private notices: Notice[] = [];

  /** Queue an encoded frame that goes before all heads and bodies. front: before other such frames. */
  control(frame: Uint8Array, front = false): void {
    if (front) this.waiting.unshift(frame);
    else this.waiting.push(frame);
    this.controlBytes += frame.length;
  }

  /** Begin to send on a stream, with so many body bytes of credit. */
  open(stream: number, credit: number, urgency: number): void {
    this.streams.set(stream, new Outgoing(stream, credit, urgency));
  }

  /** Queue a head. end: nothing follows it. */
  head(stream: number, type: number, payload: Uint8Array, end: boolean): void {
    const out = this.writable(stream);
    out.addHead(type, payload, end);
    this.place(out);
  }

  /** Queue body bytes. end: nothing follows them. Throws LocalFault `stream-ended`. */
  push(stream: number, data: Uint8Array, end: boolean): void {
    const out = this.writable(stream);
    if (data.length) {
      out.addPiece(data);
      if (out.queued > LIMITS.highWaterBytes) out.full = true;
    }
    if (end) out.end = "on-data";
    this.place(out);
  }

  /** Let n more body bytes go; false if that makes more than 2³¹−1 in all. */
  credit(stream: number, n: number): boolean {
    const out = this.streams.get(stream);
    if (!out) return true;
    if (out.credit + n > CREDIT_MAX) return false;
    out.credit += n;
    this.place(out);
    return true;
  }

  /** Body bytes of a stream that have not gone yet; 0 if it is not known. */
  queued(stream: number): number {
    return this.streams.get(stream)?.queued ?? 0;
  }

  /** Whether any frame of a stream has gone. A stream that is not known has. */
  started(stream: number): boolean {
    return this.streams.get(stream)?.started ?? true;
  }

  /** Forget a stream and all that it still had to send. */
  close(stream: number): void {
    const out = this.streams.get(stream);
    if (!out) return;
    this.streams.delete(stream);
    if (out.lane) out.lane.splice(out.lane.indexOf(out), 1);
    out.lane = undefined;
  }

  /** What the messages so far brought about, in order. */
  drainNotices(): Notice[] {
    const notices = this.notices;
    if (notices.length) this.notices = [];
    return notices;
  }

  /** The next message, of 8 to 16,384 bytes, or undefined if nothing may go. */
  nextMessage(): Uint8Array | undefined {
    const message = new OutgoingMessage();
    for (let frame = this.waiting[0]; frame; frame = this.waiting[0]) {
      if (frame.length > message.room) return message.bytes();
      this.waiting.shift();
      this.controlBytes -= frame.length;
      message.add(frame);
    }
    if (this.bulkIsDue()) this.writeBodies(this.bulk, message);
    this.writeHeads(message);
    if (!this.heads.length) {
      this.writeBodies(this.fresh, message);
      this.writeBodies(this.bulk, message);
    }
    return message.bytes();
  }

  private bulkIsDue(): boolean {
    this.turn = this.bulk.length ? this.turn + 1 : 0;
    if (this.turn < BULK_TURN) return false;
    this.turn = 0;
    return true;
  }

  // In the order in which they were queued. A head that does not fit is not overtaken by a later one:
  // the ids of REQUESTs must rise.
  private writeHeads(message: OutgoingMessage): void {
    for (let out = this.heads[0]; out; out = this.heads[0]) {
      for (let part = out.heads[0]; part; part = out.heads[0]) {
        if (part.length > message.room) return;
        message.add(part);
        out.heads.shift();
        out.started = true;
      }
      this.heads.shift();
      out.lane = undefined;
      if (out.end === "on-head") this.finish(out);
      else this.place(out);
    }
  }

  private writeBodies(lane: Outgoing[], message: OutgoingMessage): void {
    for (let out = lane[0]; out; out = lane[0]) {
      const written = out.queued ? this.writeData(out, message) : writeEnd(out, message);
      if (!written) return;
      this.leaveOrStay(out, lane);
    }
  }

  private writeData(out: Outgoing, message: OutgoingMessage): boolean {
    const fits = message.room - HEADER_BYTES;
    if (out.deficit < SPLIT_BYTES) out.deficit += QUANTUM_BYTES;
    let size = Math.min(out.deficit, out.credit, out.queued);
    if (size > fits) {
      if (fits < SPLIT_BYTES) return false;
      size = fits;
    }
    let flags = 0;
    if (size === out.queued && out.end === "on-data") {
      flags = FLAG_END;
      out.end = "gone";
    }
    message.add(encodeHeader(size, FrameType.DATA, flags, out.stream));
    out.move(size, message);
    if (out.full && out.queued <= LIMITS.lowWaterBytes) {
      out.full = false;
      this.notices.push({ kind: "writable", stream: out.stream });
    }
    return true;
  }

  private leaveOrStay(out: Outgoing, lane: Outgoing[]): void {
    if (out.sendable && this.laneOf(out) === lane) {
      if (out.deficit < SPLIT_BYTES) {
        lane.shift();
        lane.push(out);
      }
      return;
    }
    lane.shift();
    out.lane = undefined;
    out.deficit = 0;
    if (out.sendable) this.place(out);
    else if (out.end === "gone" && !out.queued) this.finish(out);
  }

  private finish(out: Outgoing): void {
    this.streams.delete(out.stream);
    this.notices.push({ kind: "finished", stream: out.stream });
  }

  private place(out: Outgoing): void {
    if (out.lane || !out.sendable) return;
    out.lane = this.laneOf(out);
    out.lane.push(out);
  }

  private laneOf(out: Outgoing): Outgoing[] {
    if (out.heads.length) return this.heads;
    return out.urgency <= FRESH_URGENCY || out.sent < FRESH_BYTES ? this.fresh : this.bulk;
  }

  private writable(stream: number): Outgoing {
    const out = this.streams.get(stream);
    if (!out || out.end !== "open") throw new LocalFault("stream-ended");
    return out;
  }
}

function writeEnd(out: Outgoing, message: OutgoingMessage): boolean {
  if (message.room < HEADER_BYTES) return false;
  message.add(encodeHeader(0, FrameType.DATA, FLAG_END, out.stream));
  out.end = "gone";
  return true;
}
