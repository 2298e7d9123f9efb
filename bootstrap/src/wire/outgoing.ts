// What one stream has to send: its head's frames, its body's pieces, its credit and deficit.

import { FLAG_END, FLAG_MORE, PAYLOAD_BYTES, encodeFrame } from "./frame";
import type { OutgoingMessage } from "./outgoing-message";

/** Where the END of a stream rides, once it is known. */
export type EndPlace = "open" | "on-head" | "on-data" | "gone";

export class Outgoing {
  heads: Uint8Array[] = []; // encoded frames, before any body
  queued = 0; // body bytes that have not gone
  sent = 0; // body bytes that have gone
  end: EndPlace = "open";
  deficit = 0;
  full = false; // was above high water, and is not yet down to low water
  started = false;
  lane: Outgoing[] | undefined; // the one queue of the scheduler that holds it
  private readonly pieces: Uint8Array[] = [];
  private offset = 0; // bytes of pieces[0] that have gone

  constructor(
    readonly stream: number,
    public credit: number, // body bytes that the peer still allows
    readonly urgency: number,
  ) {}

  get sendable(): boolean {
    if (this.heads.length) return true;
    return this.queued ? this.credit > 0 : this.end === "on-data";
  }

  /** Queue a head, in as many parts as it needs. */
  addHead(type: number, payload: Uint8Array, end: boolean): void {
    for (let start = 0; start === 0 || start < payload.length; start += PAYLOAD_BYTES) {
      const part = payload.subarray(start, start + PAYLOAD_BYTES);
      const last = start + PAYLOAD_BYTES >= payload.length;
      const flags = last ? (end ? FLAG_END : 0) : FLAG_MORE;
      this.heads.push(encodeFrame(type, flags, this.stream, part));
    }
    if (end) this.end = "on-head";
  }

  addPiece(data: Uint8Array): void {
    this.pieces.push(data);
    this.queued += data.length;
  }

  /** Put `size` body bytes into a message that has their header already. */
  move(size: number, message: OutgoingMessage): void {
    this.queued -= size;
    this.sent += size;
    this.credit -= size;
    this.deficit -= size;
    while (size > 0) {
      const piece = this.pieces[0];
      if (!piece) return;
      const part = piece.subarray(this.offset, this.offset + size);
      message.add(part);
      size -= part.length;
      this.offset += part.length;
      if (this.offset === piece.length) {
        this.pieces.shift();
        this.offset = 0;
      }
    }
  }
}
