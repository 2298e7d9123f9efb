// tests/vectors/cookies.json: what is kept of Set-Cookie and sent back, as browsers do it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { cookieDate } from "../../src/cookies/date";
import { Jar, print } from "../../src/cookies/jar";
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

for (const { text, is } of dates) {
  test(`date: ${text}`, () => {
    assert.equal(cookieDate(text), is === null ? undefined : Date.parse(is));
  });
}
