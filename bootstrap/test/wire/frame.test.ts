// Frames and the payloads of fixed layout, byte for byte.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Code } from "../../src/wire/codes";
import { SessionFault } from "../../src/wire/faults";
import { decodeMessage, encodeFrame } from "../../src/wire/frame";
import { concat } from "../../src/wire/msgpack";
import { readGoaway, readReset, readWindow, resetPayload } from "../../src/wire/payloads";
import { type Hex, bytes, hex, read } from "../vectors";

interface FrameVector {
  type: number;
  flags: number;
  stream: number;
  payload: Hex;
}

interface Named {
  name: string;
}

type Valid = Named & { message: Hex; frames?: FrameVector[]; frame?: FrameVector; times?: number };

interface Reason extends Named {
  payload: Hex;
  code: keyof typeof Code;
  reason: string;
}

const vectors = read<{
  valid: Valid[];
  invalid: (Named & { message: Hex })[];
  payloads: {
    reset: { read: Reason[]; written: Reason[] };
    window: {
      read: (Named & { payload: Hex; credit: number })[];
      invalid: (Named & { payload: Hex })[];
    };
    goaway: { read: (Reason & { last_stream: number })[] };
  };
}>("frames");

for (const { name, message, frames, frame, times } of vectors.valid) {
  const expected = frames ?? Array.from({ length: times ?? 0 }, () => frame ?? assert.fail());
  test(`a message is read: ${name}`, () => {
    const got = decodeMessage(bytes(message)).map((one) => ({ ...one, payload: hex(one.payload) }));
    assert.deepEqual(
      got,
      expected.map((one) => ({ ...one, payload: hex(bytes(one.payload)) })),
    );
  });
  test(`a message is written: ${name}`, () => {
    const parts = expected.map((one) =>
      encodeFrame(one.type, one.flags, one.stream, bytes(one.payload)),
    );
    assert.equal(hex(concat(parts)), hex(bytes(message)));
  });
}

for (const { name, message } of vectors.invalid) {
  test(`a message is refused: ${name}`, () => {
    assert.throws(() => decodeMessage(bytes(message)), SessionFault);
  });
}

for (const { name, payload, code, reason } of vectors.payloads.reset.read) {
  test(`RESET is read: ${name}`, () => {
    assert.deepEqual(readReset(bytes(payload)), { code: Code[code], reason });
  });
}

for (const { name, payload, code, reason } of vectors.payloads.reset.written) {
  test(`RESET is written: ${name}`, () => {
    assert.equal(hex(resetPayload(Code[code], reason)), hex(bytes(payload)));
  });
}

for (const { name, payload, credit } of vectors.payloads.window.read) {
  test(`WINDOW is read: ${name}`, () => assert.equal(readWindow(bytes(payload)), credit));
}

for (const { name, payload } of vectors.payloads.window.invalid) {
  test(`WINDOW is refused: ${name}`, () => {
    // Of a wrong size is a matter of the frame's shape.
    assert.throws(
      () => readWindow(bytes(payload)),
      (error) => error instanceof SessionFault || error instanceof RangeError,
    );
  });
}

for (const { name, payload, last_stream, code, reason } of vectors.payloads.goaway.read) {
  test(`GOAWAY is read: ${name}`, () => {
    const expected = { lastStream: last_stream, code: Code[code], reason };
    assert.deepEqual(readGoaway(bytes(payload)), expected);
  });
}
