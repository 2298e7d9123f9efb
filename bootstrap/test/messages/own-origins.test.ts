// The app by its other names.

import assert from "node:assert/strict";
import { test } from "node:test";
import { mayBeOwn, renamed } from "../../src/messages/own-origins";

const PUBLIC = "https://dog-purplecrab.p2claw.example";
const OWN = new Set(["http://localhost:3000", "http://[::1]:3000", "https://localhost"]);

for (const [written, meant] of [
  ["http://localhost:3000/a/b?c=d#e", `${PUBLIC}/a/b?c=d#e`],
  ["http://localhost:3000", `${PUBLIC}/`],
  ["http://localhost:3000?q", `${PUBLIC}/?q`],
  ["http://[::1]:3000/a", `${PUBLIC}/a`],
  ["https://localhost/a", `${PUBLIC}/a`],
  ["http://name:word@localhost:3000/a", `${PUBLIC}/a`],
] as const) {
  test(`the app is meant: ${written}`, () => {
    assert.equal(renamed(new URL(written), OWN, PUBLIC)?.href, meant);
  });
}

for (const url of [
  "http://localhost:3001/a",
  "http://localhost/a",
  "http://localhost:3000@example.org/",
  "http://user@localhost:3000@example.org/",
  `${PUBLIC}/a`,
  "data:text/plain,a",
  "about:blank",
]) {
  test(`the app is not meant: ${url}`, () => {
    assert.equal(renamed(new URL(url, PUBLIC), OWN, PUBLIC), undefined);
  });
}

test("a path of two slashes stays a path", () => {
  const url = renamed(new URL("http://localhost:3000//example.org/"), OWN, PUBLIC);
  assert.equal(url?.origin, PUBLIC);
});

test("only names of the box itself are looked up", () => {
  const asked = ["http://localhost:1/", "http://127.0.0.9/", "http://[::1]/", "http://0.0.0.0/"];
  assert.deepEqual(
    asked.map((url) => mayBeOwn(new URL(url))),
    [true, true, true, true],
  );
  const others = ["http://localhost.example.org/", "http://dog.localhost/", "http://192.168.1.1/"];
  assert.deepEqual(
    others.map((url) => mayBeOwn(new URL(url))),
    [false, false, false],
  );
});
