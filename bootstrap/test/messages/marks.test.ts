// What a page says of a request in its URL comes out again, and nothing of it stays.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldsMark, fieldsOfMark, marked, marksOf, unmarked } from "../../src/messages/marks";

test("marks come out as they went in", () => {
  const url = marked("https://dog-crab.example/a?b=c", { request: "1&2", body: "3#4" });
  assert.deepEqual(marksOf(url), { request: "1&2", body: "3#4" });
  assert.equal(unmarked(url), "https://dog-crab.example/a?b=c");
});

test("what is not said is not there", () => {
  assert.deepEqual(marksOf(marked("https://a.example/", { request: "1" })).body, undefined);
});

test("a fragment of the app's own is no mark, and stays", () => {
  const url = "https://a.example/#p2claw/body=1";
  assert.deepEqual(marksOf(url), {});
  assert.equal(unmarked(url), url);
});

test("a fragment of the app's own stays beside marks", () => {
  const url = marked("https://a.example/x#part#2", { request: "1" });
  assert.deepEqual(marksOf(url), { request: "1" });
  assert.equal(unmarked(url), "https://a.example/x#part#2");
});

test("fields that are not ASCII go in a mark, and only they", () => {
  const mark = fieldsMark([
    ["x-plain", "a"],
    ["x-odd", "\u00fc & \u00c3\u00a9"],
  ]);
  const url = marked("https://a.example/", { fields: mark });
  assert.deepEqual([...fieldsOfMark(marksOf(url).fields)], [["x-odd", "\u00fc & \u00c3\u00a9"]]);
  assert.equal(fieldsMark([["x-plain", "a"]]), undefined);
});
