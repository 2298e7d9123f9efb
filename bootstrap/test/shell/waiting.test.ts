// What is said while a step of a link takes long.

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import type { LinkState } from "../../src/shell/link-state";
import { waiting } from "../../src/shell/waiting";

function waits(states: [LinkState, ms: number][]): string[] {
  const told: string[] = [];
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const moved = waiting((state) => told.push(state));
    for (const [state, ms] of states) {
      moved(state);
      mock.timers.tick(ms);
    }
    return told;
  } finally {
    mock.timers.reset();
  }
}

test("nothing is said of steps that are quick", () => {
  assert.deepEqual(
    waits([
      ["finding", 1_900],
      ["asking", 1_900],
      ["connecting", 1_900],
      ["open", 60_000],
    ]),
    [],
  );
});

test("a coordinator that is silent is doubted before ten seconds are over", () => {
  assert.deepEqual(waits([["finding", 10_000]]), ["finding"]);
});

test("a path that is not found is doubted before six seconds are over", () => {
  assert.deepEqual(waits([["connecting", 6_000]]), ["connecting"]);
});

test("the coordinator itself gives up a box that is silent", () => {
  assert.deepEqual(waits([["asking", 10_000]]), []);
});

test("between two attempts nothing is said anew", () => {
  assert.deepEqual(
    waits([
      ["finding", 1_000],
      ["waiting", 10_000],
    ]),
    [],
  );
});
