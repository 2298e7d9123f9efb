// Brotli, RFC 7932, for browsers whose DecompressionStream does not know it.

import { BrotliDecStream, BrotliStreamResultCode, initSync } from "brotli-dec-wasm/web";
import * as wasm from "brotli-dec-wasm/web/bg.wasm";
import type { Decode, Piece } from "./decoder";

const OUT_BYTES = 262_144;

// The build puts the module in as its bytes.
initSync({ module: Reflect.get(wasm, "default") as BufferSource });

export function decoder(): Decode {
  const stream = new BrotliDecStream();
  let ended = false;
  return (bytes) => {
    const out: Piece[] = [];
    let at = 0;
    // What follows the end is passed over, as browsers do.
    while (!ended) {
      const result = stream.dec(bytes.subarray(at), OUT_BYTES);
      at += result.input_offset;
      if (result.buf.length) out.push(result.buf as Piece);
      ended = result.code === BrotliStreamResultCode.ResultSuccess;
      if (result.code === BrotliStreamResultCode.NeedsMoreInput) break;
    }
    return out;
  };
}
