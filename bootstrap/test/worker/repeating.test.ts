// Messages of a body that are repeated, as tests/vectors/README.md describes them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Queue, Repeating } from "../../src/worker/repeating";
import { type Hex, bytes, hex, read } from "../vectors";

type Step =
  | { do: "send"; message: Hex; out: Hex[]; times?: number }
  | { do: "read"; message: Hex; out: Hex[]; ours: boolean; times?: number };

interface Case {
  name: string;
  admits: boolean;
  steps: Step[];
}

for (const { name, admits, steps } of read<Case[]>("repeating")) {
  test(name, () => {
    const sent: Uint8Array[] = [];
    const repeating = new Repeating(
      (message) => sent.push(message),
      () => admits,
    );
    for (const step of steps) {
      const message = bytes(step.message);
      for (let at = 0; at < (step.times ?? 1); at++) {
        sent.splice(0);
        if (step.do === "send") repeating.send(message);
        else assert.equal(repeating.read(message), step.ours);
      }
      assert.deepEqual(
        sent.splice(0).map(hex),
        step.out.map((out) => hex(bytes(out))),
      );
    }
  });
}

const HIGH = 524_288;
const LEAST = 131_072;

// Each millisecond so many bytes leave, and as many are given to the browser.
function steady(queue: Queue, perMs: number, from: number, ms: number): number {
  let most = 0;
  for (let at = from; at <= from + ms; at += 1) most = queue.sent(perMs, 100_000, at);
  return most;
}

test("the browser may buffer what leaves in 50 ms", () => {
  assert.equal(Math.round(steady(new Queue(HIGH), 6_000, 1, 500) / 10_000), 30);
});

test("it may always buffer 128 KiB, and never more than the channel's own bound", () => {
  assert.equal(steady(new Queue(HIGH), 100, 1, 500), LEAST);
  assert.equal(steady(new Queue(HIGH), 60_000, 1, 500), HIGH);
});

test("a queue that ran empty is as long as it may be, until it is measured again", () => {
  const queue = new Queue(HIGH);
  assert.equal(steady(queue, 1_000, 1, 500), LEAST);
  assert.equal(queue.sent(1_000, 1_000, 600), HIGH);
  assert.equal(steady(queue, 1_000, 601, 50), HIGH);
  assert.equal(steady(queue, 1_000, 652, 200), LEAST);
});
