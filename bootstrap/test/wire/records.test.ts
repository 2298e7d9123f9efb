// Records of a WebSocket's stream, byte for byte and in any cut.

import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamFault } from "../../src/wire/faults";
import { type Record, RecordReader, encodeClose, encodePart } from "../../src/wire/records";
import { type Hex, bytes, hex, read } from "../vectors";

type Means =
  { kind: "text" | "binary"; data: Hex } | { kind: "close"; code: number | null; reason: string };

const vectors = read<{
  valid: { name: string; bytes: Hex; means: Means[]; written: boolean }[];
  invalid: { name: string; bytes: Hex }[];
}>("records");

const CUTS = [1, 2, 3, 5, 16_376, 1e9];

for (const { name, bytes: data, means } of vectors.valid) {
  for (const cut of CUTS) {
    test(`records are read in pieces of ${cut}: ${name}`, () =>
      assert.deepEqual(messages(bytes(data), cut), means.map(plain)));
  }
}

for (const { name, bytes: data } of vectors.invalid) {
  for (const cut of CUTS) {
    test(`no record, in pieces of ${cut}: ${name}`, () =>
      assert.throws(() => messages(bytes(data), cut), StreamFault));
  }
}

for (const { name, bytes: data, means } of vectors.valid.filter(({ written }) => written)) {
  test(`records are written: ${name}`, () => {
    const written = means.flatMap((item) =>
      item.kind === "close"
        ? [encodeClose(item.code ?? undefined, item.reason)]
        : encodePart(item.kind === "text", bytes(item.data), true),
    );
    assert.equal(written.map(hex).join(""), hex(bytes(data)));
  });
}

function messages(data: Uint8Array, cut: number): unknown[] {
  const reader = new RecordReader();
  const found: unknown[] = [];
  let message = "";
  for (let at = 0; at < data.length; at += cut) {
    for (const record of reader.feed(data.subarray(at, at + cut))) {
      if (record.kind === "close") found.push(plainClose(record));
      else {
        message += hex(record.data);
        if (!record.final) continue;
        found.push({ kind: record.text ? "text" : "binary", data: message });
        message = "";
      }
    }
  }
  return found;
}

function plain(item: Means): unknown {
  return item.kind === "close" ? item : { kind: item.kind, data: hex(bytes(item.data)) };
}

function plainClose(record: Extract<Record, { kind: "close" }>): unknown {
  return { kind: "close", code: record.code ?? null, reason: record.reason };
}
