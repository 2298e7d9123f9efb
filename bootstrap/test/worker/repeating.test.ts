// Messages of a body that are repeated, as tests/vectors/README.md describes them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Repeating } from "../../src/worker/repeating";
import { type Hex, bytes, hex, read } from "../vectors";

type Step =
  | { do: "send"; message: Hex; out: Hex[]; times?: number }
  | { do: "read"; message: Hex; out: Hex[]; ours: boolean };

interface Case {
  name: string;
  admits: boolean;
  steps: Step[];
}

for (const { name, admits, steps } of read<Case[]>("repeating")) {
  test(name, () => {
    const sent: string[] = [];
    const repeating = new Repeating(
      (message) => sent.push(hex(message)),
      () => admits,
    );
    for (const step of steps) {
      if (step.do === "send") {
        for (let at = 0; at < (step.times ?? 1); at++) {
          sent.splice(0);
          repeating.send(bytes(step.message));
        }
      } else {
        assert.equal(repeating.read(bytes(step.message)), step.ours);
      }
      assert.deepEqual(
        sent.splice(0),
        step.out.map((out) => hex(bytes(out))),
      );
    }
  });
}
