// Coded bodies come out as browsers take them off the network, faults and all.

import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { codingsOf } from "../../src/worker/decoding";
import { decoder as inflate } from "../../src/worker/decoders/inflate";
import { decoder as zstd } from "../../src/worker/decoders/zstd";
import type { Decode, Piece } from "../../src/worker/decoders/decoder";

const TEXT = Buffer.from("hello ".repeat(20_000));
const GZIP = gzipSync(TEXT);

function decoded(decode: Decode, whole: Uint8Array, step = whole.length): Buffer {
  const out: Uint8Array[] = [];
  for (let at = 0; at < whole.length; at += step) {
    out.push(...decode(Uint8Array.from(whole.subarray(at, at + step)) as Piece));
  }
  return Buffer.concat(out);
}

const named = Buffer.concat([
  Buffer.from([0x1f, 0x8b, 8, 0x1e, 0, 0, 0, 0, 0, 3, 2, 0, 7, 7]),
  Buffer.from("name\0comment\0xx", "latin1"),
  deflateRawSync(TEXT),
]);

for (const [name, coding, body] of [
  ["gzip", "gzip", GZIP],
  ["gzip of which only the first of two members counts", "gzip", Buffer.concat([GZIP, GZIP])],
  ["gzip with bytes behind it", "gzip", Buffer.concat([GZIP, Buffer.from("junk")])],
  ["gzip without its checksum", "gzip", GZIP.subarray(0, -8)],
  ["gzip with every field that its head may have", "gzip", named],
  ["deflate with its header", "deflate", deflateSync(TEXT)],
  ["deflate without its header", "deflate", deflateRawSync(TEXT)],
] as const) {
  for (const step of [1, 7, body.length]) {
    test(`${name}, ${step} bytes at a time`, () => {
      assert.deepEqual(decoded(inflate(coding), body, step), TEXT);
    });
  }
}

test("gzip that is cut gives what there is", () => {
  const part = decoded(inflate("gzip"), GZIP.subarray(0, -20));
  assert.ok(part.length > 0 && TEXT.subarray(0, part.length).equals(part));
});

test("what is no gzip is refused", () => {
  assert.throws(() => decoded(inflate("gzip"), Buffer.from("plain text")));
});

test("nothing is nothing", () => {
  assert.equal(decoded(inflate("gzip"), Buffer.alloc(0)).length, 0);
});

test("zstd", () => {
  // `printf 'hello zstd' | zstd --no-check`
  const coded = Buffer.from("28b52ffd200a51000068656c6c6f207a737464", "hex");
  assert.equal(decoded(zstd(), coded, 1).toString(), "hello zstd");
  assert.throws(() => decoded(zstd(), Buffer.from("no zstd at all, but a longer text")));
});

test("codings are undone where all of them are known", () => {
  const of = (...values: string[]): string[] =>
    codingsOf(values.map((value) => ["content-encoding", value] as const));
  assert.deepEqual(of("gzip"), ["gzip"]);
  assert.deepEqual(of("BR, x-gzip"), ["br", "gzip"]);
  assert.deepEqual(of("br", "gzip"), ["br", "gzip"]);
  assert.deepEqual(of("identity"), []);
  assert.deepEqual(of("aws-chunked, gzip"), []);
});
