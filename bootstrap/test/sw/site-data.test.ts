// What `Clear-Site-Data` asks for.

import assert from "node:assert/strict";
import { test } from "node:test";
import { isOurs } from "../../src/messages/own-storage";
import { toClear } from "../../src/sw/clear-site-data";

const cleared = (...values: string[]): string[] =>
  [...toClear(values.map((value) => ["clear-site-data", value] as [string, string]))].sort();

test("what is named is cleared, over several fields too", () => {
  assert.deepEqual(cleared('"cache", "storage"'), ["cache", "storage"]);
  assert.deepEqual(cleared('"cache"', ' "cookies"\t,"cache"'), ["cache", "cookies"]);
});

test("an asterisk is everything", () => {
  assert.deepEqual(cleared('"*"'), ["cache", "cookies", "storage"]);
});

test("what is not in quotes, or known to no browser, clears nothing", () => {
  assert.deepEqual(cleared("cache, *, 'cookies'", '"Storage", "executionContexts", ""'), []);
  assert.deepEqual([...toClear([["x-clear-site-data", '"*"']])], []);
});

test("only names that begin with ours as a whole word are ours", () => {
  for (const name of ["p2claw", "p2claw-cache", "p2claw-1.2"]) assert.ok(isOurs(name), name);
  for (const name of ["", "p2clawed", "my-p2claw", "P2CLAW"]) assert.ok(!isOurs(name), name);
});
