// tests/vectors/cookies.json: what is kept of Set-Cookie and sent back, as browsers do it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { cookieDate } from "../../src/cookies/date";
import { type Changes, Jar, print } from "../../src/cookies/jar";
import { parseCookie } from "../../src/cookies/parse";
import { read } from "../vectors";

type Text = string | [text: string, times: number][];

interface Case {
  name: string;
  at: string;
  set: Text[];
  to: string;
  sent: Text;
}

const HOST = "dog-crab.localhost";
const NOW = Date.UTC(2026, 10, 28);
const { cases, dates } = read<{ cases: Case[]; dates: { text: string; is: string | null }[] }>(
  "cookies",
);

// What the vectors take for given (`isStrict`).
Reflect.set(globalThis, "WebSocketStream", true);

function whole(text: Text): string {
  const joined =
    typeof text === "string" ? text : text.map(([part, times]) => part.repeat(times)).join("");
  return joined
    .replaceAll("{host}", HOST)
    .replaceAll("{HOST}", HOST.toUpperCase())
    .replaceAll("{parent}", "localhost");
}

for (const { name, at, set, to, sent } of cases) {
  test(`cookies: ${name}`, () => {
    const jar = new Jar();
    for (const text of set) {
      const cookie = parseCookie(whole(text), new URL(at, `http://${HOST}`), NOW);
      if (cookie) jar.set(cookie, "http", "same", NOW);
    }
    const { pathname } = new URL(to, `http://${HOST}`);
    assert.equal(print(jar.matching(pathname, "http", "same", NOW)), whole(sent));
  });
}

test("cookies: what an answer does to one twice is told once, in the order of the jar", () => {
  const jar = new Jar();
  const all: Changes = { changed: [], deleted: [] };
  for (const text of ["a=1", "a=; Max-Age=0", "b=1", "b=; Max-Age=0", "c=1", "b=2"]) {
    const cookie = parseCookie(text, new URL(`http://${HOST}/`), NOW);
    const { changed, deleted } = (cookie && jar.set(cookie, "http", "same", NOW)) ?? all;
    all.changed.push(...changed);
    all.deleted.push(...deleted);
  }
  const { changed, deleted } = jar.settled(all);
  assert.equal(print(changed), "c=1; b=2");
  assert.equal(print(deleted), "a=1");
});

const OTHERWISE: [given: string[], sent: string][] = [
  [["lonely", "=nameless"], "lonely="],
  [["a=1\t2"], "a=1\t2"],
  [["z=1", "a=2", "z=3"], "z=3; a=2"],
];
for (const [given, sent] of OTHERWISE) {
  test(`cookies, where the class is missing: ${given.join(", ")}`, () => {
    Reflect.deleteProperty(globalThis, "WebSocketStream");
    const jar = new Jar();
    for (const text of given) {
      const cookie = parseCookie(text, new URL(`http://${HOST}/`), NOW);
      if (cookie) jar.set(cookie, "http", "same", NOW);
    }
    assert.equal(print(jar.matching("/", "http", "same", NOW)), sent);
    Reflect.set(globalThis, "WebSocketStream", true);
  });
}

for (const { text, is } of dates) {
  test(`date: ${text}`, () => {
    assert.equal(cookieDate(text), is === null ? undefined : Date.parse(is));
  });
}
