// Addresses, progress and the pages for people.

import assert from "node:assert/strict";
import { test } from "node:test";
import { problemText } from "../../src/late/problem-texts";
import { type ProblemCode, RETRIES } from "../../src/messages/problems";
import { keyOfHash, parseHost, urlOfApp } from "../../src/shell/address";
import { type LinkState, type LinkStep, nextState } from "../../src/shell/link-state";
import { progressOf } from "../../src/shell/progress";

const NAMES = { app: "dog", alias: "purplecrab", host: "dog-purplecrab.localhost" };

test("the last hyphen of the first label parts app and alias", () => {
  const expected = { app: "my-dog", alias: "purplecrab", parent: ".example.com" };
  assert.deepEqual(parseHost("My-Dog-PurpleCrab.example.com".toLowerCase()), expected);
});

test("a label without a hyphen names a box alone", () => {
  assert.deepEqual(parseHost("purplecrab.localhost"), {
    app: undefined,
    alias: "purplecrab",
    parent: ".localhost",
  });
});

for (const host of [
  "localhost",
  "-crab.localhost",
  "a-.localhost",
  "dog-xy.localhost",
  "_x-crab.localhost",
]) {
  test(`${host} names no app`, () => assert.equal(parseHost(host), undefined));
}

test("another app of the box has the same parent and port", () => {
  const address = parseHost("purplecrab.localhost") ?? assert.fail();
  const url = urlOfApp("cat", address, new URL("http://purplecrab.localhost:8787/x"));
  assert.equal(url, "http://cat-purplecrab.localhost:8787/");
});

test("a link may name the key", () => {
  const key = "a".repeat(52);
  assert.equal(keyOfHash(`#k=${key}`), key);
  assert.equal(keyOfHash(`#k=${key}&x`), undefined);
  assert.equal(keyOfHash("#k=purple"), undefined);
});

for (const code of Object.keys(RETRIES) as ProblemCode[]) {
  test(`the page for ${code} says what happened and what to do`, () => {
    const problem = problemText(code, NAMES);
    assert.ok(problem.title.length > 10);
    assert.ok(problem.text.join(" ").length > 40);
  });
}

test("the pages about one app or box name it", () => {
  assert.match(problemText("app-unknown", NAMES).title, /dog/);
  assert.match(problemText("alias-unknown", NAMES).title, /purplecrab/);
});

test("a wrong key is never tried again unasked", () => {
  assert.notEqual(RETRIES["wrong-key"], "again");
});

test("progress tells a relay from a direct path", () => {
  assert.match(progressOf("connecting", "crab", false).text, /directly/);
  assert.match(progressOf("connecting", "crab", true).text, /relay/);
});

test("of an app that is slow, progress says what to do", () => {
  assert.match(progressOf("open", "crab", true).text, /reload/);
});

test("a link is found, asked for, made, lost and found again", () => {
  const steps: LinkStep[] = ["start", "introduced", "answered", "opened", "lost", "start"];
  const states: LinkState[] = ["finding", "asking", "connecting", "open", "waiting", "finding"];
  let state: LinkState = "idle";
  for (const [i, step] of steps.entries()) {
    state = nextState(state, step);
    assert.equal(state, states[i]);
  }
});

test("a step that may not come is a fault", () => {
  assert.throws(() => nextState("idle", "opened"));
});
