// What is said while a step of a link takes long.

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import type { LinkState } from "../../src/shell/link-state";
import { waiting } from "../../src/shell/waiting";

function waits(states: [LinkState, ms: number][]): string[] {
  const moves: string[] = [];
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const moved = waiting((state, all) => moves.push(all ? `${state}, all` : state));
    for (const [state, ms] of states) {
      moved(state);
      mock.timers.tick(ms);
    }
    return moves;
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
      ["open", 7_900],
    ]),
    [],
  );
});

test("a coordinator that is silent is doubted before ten seconds are over", () => {
  assert.deepEqual(waits([["finding", 8_900]]), ["finding"]);
});

test("a path that is not found is doubted before six seconds are over", () => {
  assert.deepEqual(waits([["connecting", 6_000]]), ["connecting"]);
});

test("a box that is silent is doubted before the coordinator gives it up", () => {
  assert.deepEqual(waits([["asking", 8_900]]), ["asking"]);
});

test("an app that shows nothing is doubted, and once", () => {
  assert.deepEqual(waits([["open", 60_000]]), ["open"]);
});

test("steps that are each quick enough are doubted together before ten seconds are over", () => {
  assert.deepEqual(
    waits([
      ["finding", 5_900],
      ["asking", 4_100],
    ]),
    ["asking, all"],
  );
});

test("attempts that follow each other are doubted together", () => {
  assert.deepEqual(
    waits([
      ["finding", 5_900],
      ["waiting", 400],
      ["finding", 3_700],
    ]),
    ["finding, all"],
  );
});

test("what was doubted together before an app came is not doubted after it is lost", () => {
  assert.deepEqual(
    waits([
      ["finding", 1_000],
      ["open", 7_000],
      ["waiting", 100],
      ["finding", 5_000],
    ]),
    [],
  );
});

test("between two attempts nothing is said anew", () => {
  assert.deepEqual(
    waits([
      ["finding", 1_000],
      ["waiting", 7_900],
    ]),
    [],
  );
});
