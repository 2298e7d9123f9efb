// Any bytes at all: a session says why it failed, and never throws.

import assert from "node:assert/strict";
import { test } from "node:test";
import { NotPacked, unpack } from "../../src/wire/msgpack";
import { encodeFrame } from "../../src/wire/frame";
import { Session } from "../../src/wire/session";
import { type Hex, bytes, read } from "../vectors";

const ROUNDS = 5_000;
// {v: 1, role: "box"}
const HELLO = encodeFrame(
  0,
  0,
  0,
  Uint8Array.from(Buffer.from("82a17601a4726f6c65a3626f78", "hex")),
);

test("msgpack of any bytes is a value or NotPacked", () => {
  const random = generator(1);
  for (let round = 0; round < ROUNDS; round++) {
    const data = Uint8Array.from({ length: random(40) }, () => random(256));
    try {
      unpack(data);
    } catch (error) {
      assert.ok(
        error instanceof NotPacked,
        `${Buffer.from(data).toString("hex")}: ${String(error)}`,
      );
    }
  }
});

test("nesting without end is NotPacked", () => {
  assert.throws(() => unpack(new Uint8Array(100_000).fill(0x91)), NotPacked);
});

test("a session of mutated messages ends in order", () => {
  const random = generator(2);
  const valid = read<{ valid: { message: Hex }[] }>("frames").valid.map(({ message }) =>
    bytes(message),
  );
  for (let round = 0; round < ROUNDS; round++) {
    const session = new Session("dog", "t");
    session.openRequest({ method: "GET", target: "/", fields: [], urgency: 3 }, true);
    session.toSend(0);
    session.receive(HELLO, 0);
    for (let i = 0; i < 3; i++) {
      const message = (valid[random(valid.length)] ?? HELLO).slice(0, 512);
      for (let changes = random(4); changes > 0; changes--)
        message[random(message.length || 1)] = random(256);
      session.receive(message, 0);
    }
    while (session.nextEvent());
    while (session.toSend(0));
    if (session.failed) assert.equal(session.nextTimeout(), undefined);
  }
});

// xorshift32: the same bytes in every run.
function generator(seed: number): (below: number) => number {
  let state = seed * 0x9e3779b9;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}
