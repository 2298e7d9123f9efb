// How long a response may be used, and how its fields are read.

import assert from "node:assert/strict";
import { test } from "node:test";
import { dateOf, directivesOf } from "../../../src/sw/cache/cache-control";
import { ageOf, judge, mayKeep } from "../../../src/sw/cache/freshness";
import type { Fields } from "../../../src/wire/heads";

const NOW = Date.parse("Sat, 28 Nov 2026 10:00:00 GMT");

function control(value: string): Fields {
  return [["cache-control", value]];
}

function kept(fields: Fields, ageS = 0, status = 200) {
  const at = NOW - ageS * 1_000;
  return { head: { status, fields }, requestMs: at, responseMs: at };
}

test("a quoted argument keeps its commas and quotes, and names have no case", () => {
  const read = directivesOf(control('Foo="a, max-age=1", MAX-AGE=5'));
  assert.deepEqual(
    [...read],
    [
      ["foo", '"a, max-age=1"'],
      ["max-age", "5"],
    ],
  );
});

test("a date is read in all three ways to write one, and as loosely as browsers do", () => {
  const dates = [
    "Sun, 06 Nov 1994 08:49:37 GMT",
    "Sunday, 06-Nov-94 08:49:37 GMT",
    "Sun Nov  6 08:49:37 1994",
    "Sun 06-Nov-1994 8:49:37 UTC",
  ];
  for (const date of dates) assert.equal(dateOf([["date", date]], "date"), 784_111_777_000, date);
  assert.equal(dateOf([["date", "Sun, 06 Nov 1994"]], "date"), 784_080_000_000);
  for (const date of ["0", "", "1994-11-06", "Sun, 06 Nov 1994 24:00:00"]) {
    assert.ok(Number.isNaN(dateOf([["date", date]], "date")), date);
  }
});

test("a response is used until its age is its lifetime", () => {
  assert.equal(judge(kept(control("max-age=10"), 9), [], NOW), "use");
  assert.equal(judge(kept(control("max-age=10"), 10), [], NOW), "validate");
});

test("time on the way, Age and Date all make a response older", () => {
  const fields: Fields = [
    ["age", "5"],
    ["date", new Date(NOW - 20_000).toUTCString()],
  ];
  const slow = { head: { status: 200, fields }, requestMs: NOW - 3_000, responseMs: NOW };
  assert.equal(ageOf(slow, NOW), 20_000);
  assert.equal(ageOf({ ...slow, head: { status: 200, fields: [["age", "30"]] } }, NOW), 33_000);
});

test("a clock that was set back makes nothing younger", () => {
  assert.equal(ageOf(kept([]), NOW - 60_000), 0);
});

test("what a request says of age is heeded", () => {
  const response = kept(control("max-age=100"), 50);
  assert.equal(judge(response, control("max-age=60"), NOW), "use");
  assert.equal(judge(response, control("max-age=40"), NOW), "validate");
  assert.equal(judge(response, control("min-fresh=40"), NOW), "use");
  assert.equal(judge(response, control("min-fresh=60"), NOW), "validate");
  const stale = kept(control("max-age=10"), 50);
  assert.equal(judge(stale, control("max-stale"), NOW), "use");
  assert.equal(judge(stale, control("max-stale=40"), NOW), "use");
  assert.equal(judge(stale, control("max-stale=39"), NOW), "validate");
});

test("must-revalidate forbids every use of a stale response", () => {
  const control_ = "max-age=1, must-revalidate, stale-while-revalidate=99";
  const stale = kept(control(control_), 5);
  assert.equal(judge(stale, control("max-stale"), NOW), "validate");
});

test("what may not be kept is not", () => {
  assert.equal(mayKeep([], 200, []), true);
  assert.equal(mayKeep([], 200, control("no-store")), false);
  assert.equal(mayKeep(control("no-store"), 200, []), false);
  assert.equal(mayKeep([], 206, control("max-age=9")), false);
  assert.equal(mayKeep([], 200, [["vary", "a, *"]]), false);
  assert.equal(mayKeep([], 200, [["content-type", "text/event-stream"]]), false);
  assert.equal(mayKeep([], 403, []), false);
  assert.equal(mayKeep([], 403, control("max-age=9")), true);
});
