// zstd, RFC 8878, for browsers whose DecompressionStream does not know it.

import { Decompress } from "fzstd";
import type { Decode, Piece } from "./decoder";

export function decoder(): Decode {
  let out: Piece[] = [];
  const stream = new Decompress((bytes) => {
    if (bytes.length) out.push(bytes as Piece);
  });
  return (bytes) => {
    out = [];
    stream.push(bytes);
    return out;
  };
}
