// gzip and deflate as browsers read them from the network: only the first member of gzip counts, what
// follows it is passed over, a checksum is not looked at, and "deflate" may lack its zlib header.
// Where the body is as it should be, the browser's own DecompressionStream did the work.

import { Inflate } from "fflate";
import type { Decode, Piece } from "./decoder";

export function decoder(coding: string): Decode {
  const headerOf = coding === "deflate" ? zlibHeader : gzipHeader;
  const inflate = new Inflate();
  let out: Piece[] = [];
  let held: Piece | undefined = new Uint8Array();
  inflate.ondata = (bytes) => {
    if (bytes.length) out.push(bytes as Piece);
  };
  return (bytes) => {
    out = [];
    let input = bytes;
    if (held) {
      input = new Uint8Array([...held, ...bytes]);
      const length = headerOf(input);
      held = length === undefined ? input : undefined;
      input = input.subarray(length ?? input.length);
    }
    if (input.length) inflate.push(input);
    return out;
  };
}

// RFC 1952 §2.3. undefined: it is not whole yet.
function gzipHeader(bytes: Piece): number | undefined {
  const magic = [0x1f, 0x8b, 8];
  if (magic.some((byte, at) => at < bytes.length && bytes[at] !== byte)) {
    throw new TypeError("not gzip");
  }
  const flags = bytes[3] ?? 0;
  let at = 10;
  if (flags & 4) at += 2 + (bytes[at] ?? 0) + (bytes[at + 1] ?? 0) * 256;
  for (const flag of [8, 16]) {
    if (!(flags & flag)) continue;
    const end = bytes.indexOf(0, at);
    if (end < 0) return undefined;
    at = end + 1;
  }
  if (flags & 2) at += 2;
  return at <= bytes.length ? at : undefined;
}

// RFC 1950 §2.2.
function zlibHeader(bytes: Piece): number | undefined {
  const [first, second] = bytes;
  if (first === undefined || second === undefined) return undefined;
  return (first & 15) === 8 && (first * 256 + second) % 31 === 0 ? 2 : 0;
}
