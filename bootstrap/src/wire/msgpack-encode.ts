// msgpack, the part that we send: maps with text keys, lists, text, bytes, integers; smallest form always.

import { LocalFault } from "./faults";

export type Sendable =
  string | number | Uint8Array | readonly Sendable[] | { readonly [key: string]: Sendable };

const utf8 = new TextEncoder();

/** One msgpack value. Numbers must be integers of 0 … 2³²−1. Throws LocalFault `head-invalid`. */
export function pack(value: Sendable): Uint8Array {
  const parts: Uint8Array[] = [];
  write(value, parts);
  return concat(parts);
}

/** One array of all the bytes, in order. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  let total = 0;
  for (const part of parts) total += part.length;
  const whole = new Uint8Array(total);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function write(value: Sendable, parts: Uint8Array[]): void {
  if (typeof value === "string") {
    const bytes = utf8.encode(value);
    parts.push(textHeader(bytes.length), bytes);
  } else if (typeof value === "number") {
    parts.push(integer(value));
  } else if (value instanceof Uint8Array) {
    parts.push(Uint8Array.of(0xc4, value.length), value); // of fewer than 256 bytes
  } else if (isList(value)) {
    parts.push(count(value.length, 0x90, 0xdc));
    for (const item of value) write(item, parts);
  } else {
    const entries = Object.entries(value);
    parts.push(count(entries.length, 0x80, 0xde));
    for (const [key, item] of entries) {
      write(key, parts);
      write(item, parts);
    }
  }
}

function isList(value: Sendable): value is readonly Sendable[] {
  return Array.isArray(value);
}

function textHeader(length: number): Uint8Array {
  if (length < 32) return Uint8Array.of(0xa0 | length);
  if (length < 0x100) return Uint8Array.of(0xd9, length);
  return sized(0xda, 0xdb, length);
}

function count(length: number, fix: number, wide: number): Uint8Array {
  return length < 16 ? Uint8Array.of(fix | length) : sized(wide, wide + 1, length);
}

function integer(value: number): Uint8Array {
  if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff) {
    throw new LocalFault("head-invalid");
  }
  if (value < 0x80) return Uint8Array.of(value);
  if (value < 0x100) return Uint8Array.of(0xcc, value);
  return sized(0xcd, 0xce, value);
}

function sized(two: number, four: number, value: number): Uint8Array {
  if (value < 0x1_0000) return Uint8Array.of(two, value >> 8, value & 0xff);
  return Uint8Array.of(
    four,
    value >>> 24,
    (value >>> 16) & 0xff,
    (value >>> 8) & 0xff,
    value & 0xff,
  );
}
