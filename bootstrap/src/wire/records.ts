// Records: what the DATA of a WebSocket's stream carries, both ways. Pure. Source: docs/WIRE.md §14.

import { StreamFault } from "./faults";

export const RECORD_BYTES = 65_535;
const REASON_BYTES = 123; // RFC 6455 §5.5: 125 bytes with the code

const HEAD_BYTES = 3;
const TEXT = 0x01;
const BINARY = 0x02;
const CLOSE = 0x88;
const FINAL = 0x80;

/** Some of a message, perhaps nothing of it; or the end. Bytes are views of what was fed. */
export type Record =
  | { kind: "part"; text: boolean; data: Uint8Array; final: boolean }
  | { kind: "close"; code: number | undefined; reason: string };

const utf8 = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A part of a message, in as many records as it needs. */
export function encodePart(text: boolean, data: Uint8Array, final: boolean): Uint8Array[] {
  const records: Uint8Array[] = [];
  let at = 0;
  do {
    const piece = data.subarray(at, at + RECORD_BYTES);
    at += RECORD_BYTES;
    const last = final && at >= data.length;
    records.push(encode((text ? TEXT : BINARY) | (last ? FINAL : 0), piece));
  } while (at < data.length);
  return records;
}

/** The last record of a side. A reason has at most 123 bytes. */
export function encodeClose(code: number | undefined, reason: string): Uint8Array {
  if (code === undefined) return encode(CLOSE, new Uint8Array());
  const text = utf8.encode(reason);
  const payload = new Uint8Array(2 + text.length);
  payload.set([code >> 8, code & 0xff]);
  payload.set(text, 2);
  return encode(CLOSE, payload);
}

/** Reads one direction of a stream. */
export class RecordReader {
  private head: number[] = []; // of a record, while it is not whole; of a CLOSE its payload too
  private kind = 0;
  private left = 0; // bytes of the record that are still to come
  private message = 0; // kind of the one that has begun and not ended
  private closed = false;

  /** Give what came, in any cut. Throws StreamFault at what §14 does not allow. */
  feed(data: Uint8Array): Record[] {
    const records: Record[] = [];
    for (let at = 0; at < data.length;) {
      if (this.closed) throw new StreamFault("a record after CLOSE");
      if (this.left && this.kind !== CLOSE) {
        const piece = data.subarray(at, at + this.left);
        at += piece.length;
        this.left -= piece.length;
        records.push(this.part(piece));
        continue;
      }
      this.head.push(data[at] ?? 0);
      at += 1;
      if (this.left) {
        this.left -= 1;
        if (!this.left) records.push(this.close());
      } else if (this.head.length === HEAD_BYTES) {
        this.begin();
        if (!this.left) {
          records.push(this.kind === CLOSE ? this.close() : this.part(new Uint8Array()));
        }
      }
    }
    return records;
  }

  private begin(): void {
    const [kind = 0, high = 0, low = 0] = this.head;
    this.kind = kind;
    this.left = high * 256 + low;
    const plain = kind & ~FINAL;
    if (kind === CLOSE) {
      if (this.left === 1 || this.left > REASON_BYTES + 2) {
        throw new StreamFault("a CLOSE that is cut, or too long");
      }
      return;
    }
    if ((plain !== TEXT && plain !== BINARY) || (this.message && this.message !== plain)) {
      throw new StreamFault("a record of a kind that may not come");
    }
    this.message = plain;
    this.head = [];
  }

  private part(data: Uint8Array): Record {
    const final = this.kind >= FINAL && !this.left;
    const text = this.message === TEXT;
    if (final) this.message = 0;
    return { kind: "part", text, data, final };
  }

  private close(): Record {
    const [high, low = 0, ...reason] = this.head.slice(HEAD_BYTES);
    this.closed = true;
    if (high === undefined) return { kind: "close", code: undefined, reason: "" };
    const code = high * 256 + low;
    if (code < 1000 || code > 4999 || code === 1005 || code === 1006 || code === 1015) {
      throw new StreamFault("a CLOSE with a code that is never sent");
    }
    try {
      return { kind: "close", code, reason: strict.decode(Uint8Array.from(reason)) };
    } catch {
      throw new StreamFault("a CLOSE whose reason is not UTF-8");
    }
  }
}

function encode(kind: number, payload: Uint8Array): Uint8Array {
  const record = new Uint8Array(HEAD_BYTES + payload.length);
  record.set([kind, payload.length >> 8, payload.length & 0xff]);
  record.set(payload, HEAD_BYTES);
  return record;
}
