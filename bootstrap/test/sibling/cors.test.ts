// The rules between origins: what is asked for first, what an answer admits, and what of it is seen.

import assert from "node:assert/strict";
import { test } from "node:test";
import { isSameBox, isSibling } from "../../src/messages/sibling";
import {
  type Fields,
  allowedBy,
  authored,
  corsFault,
  exposed,
  isSafelisted,
  isSafelistedMethod,
  mayBeEmbedded,
  preflightFault,
  safelisted,
  unsafeNames,
} from "../../src/sibling/cors";
import { Preflights } from "../../src/sibling/preflights";
import { refererTo } from "../../src/sibling/referrer";

const WEB = "https://web-crab.example.com";

const SAFELISTED: [name: string, value: string, safe: boolean][] = [
  ["accept", "*/*", true],
  ["accept", "text/html;q=0.5", true],
  ["accept", "a:b", false],
  ["accept", "\u0001", false],
  ["accept", "x".repeat(128), true],
  ["accept", "x".repeat(129), false],
  ["accept-language", "de-CH, en;q=0.5, *", true],
  ["accept-language", "de@", false],
  ["content-language", "en_US", false],
  ["content-type", "text/plain", true],
  ["content-type", "TEXT/PLAIN; charset=utf-8", true],
  ["content-type", "multipart/form-data; boundary=x", true],
  ["content-type", "application/x-www-form-urlencoded", true],
  ["content-type", "application/json", false],
  ["content-type", "text/plainly", false],
  ["content-type", 'text/plain; a="b"', false],
  ["range", "bytes=0-", true],
  ["range", "bytes=5-9", true],
  ["range", "bytes=-5", false],
  ["range", "bytes=0-4,6-9", false],
  ["authorization", "x", false],
  ["x-any", "", false],
];
for (const [name, value, safe] of SAFELISTED) {
  test(`${name}: ${value.slice(0, 40)} ${safe ? "may be said" : "is asked for first"}`, () =>
    assert.equal(isSafelisted(name, value), safe));
}

test("three methods are asked for by nobody", () => {
  const methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "get"];
  assert.deepEqual(methods.filter(isSafelistedMethod), ["GET", "HEAD", "POST"]);
});

test("names that are asked for are sorted, in lower case, and named once", () => {
  const fields: Fields = [
    ["X-B", "1"],
    ["Authorization", "x"],
    ["x-b", "2"],
    ["Accept", "*/*"],
    ["User-Agent", "a browser"],
    ["Sec-Fetch-Mode", "cors"],
    ["Cookie", "a=b"],
    ["Origin", "null"],
  ];
  assert.deepEqual(unsafeNames(fields), ["authorization", "x-b"]);
  assert.deepEqual(
    authored(fields).map(([name]) => name),
    ["X-B", "Authorization", "x-b", "Accept"],
  );
  assert.deepEqual(safelisted(fields), [["Accept", "*/*"]]);
});

test("many values that are harmless one by one are asked for together", () => {
  const long = "a".repeat(128);
  const names = ["accept", "accept-language", "content-language", "content-type"];
  const few: Fields = names.map((name) => [name, name === "content-type" ? "text/plain" : long]);
  assert.deepEqual(unsafeNames(few), []);
  const many: Fields = [...few, ...few, ...few];
  assert.deepEqual(unsafeNames(many), [...names].sort());
});

const CHECKS: [fields: Fields, credentials: boolean, passes: boolean][] = [
  [[], false, false],
  [[["access-control-allow-origin", "*"]], false, true],
  [[["access-control-allow-origin", "*"]], true, false],
  [[["access-control-allow-origin", WEB]], false, true],
  [[["access-control-allow-origin", ` ${WEB} `]], false, true],
  [[["access-control-allow-origin", WEB]], true, false],
  [[["access-control-allow-origin", `${WEB}/`]], false, false],
  [[["access-control-allow-origin", WEB.toUpperCase()]], false, false],
  [[["access-control-allow-origin", "null"]], false, false],
  [[["access-control-allow-origin", "https://web-crab.example.com:8443"]], false, false],
  [[["access-control-allow-origin", `${WEB}, ${WEB}`]], false, false],
  [
    [
      ["access-control-allow-origin", WEB],
      ["access-control-allow-origin", WEB],
    ],
    false,
    false,
  ],
  [
    [
      ["access-control-allow-origin", "*"],
      ["access-control-allow-credentials", "true"],
    ],
    true,
    false,
  ],
  [
    [
      ["access-control-allow-origin", WEB],
      ["access-control-allow-credentials", "true"],
    ],
    true,
    true,
  ],
  [
    [
      ["access-control-allow-origin", WEB],
      ["access-control-allow-credentials", "True"],
    ],
    true,
    false,
  ],
];
for (const [fields, credentials, passes] of CHECKS) {
  const said = fields.map(([, value]) => value).join(" + ") || "nothing";
  test(`${said}, ${credentials ? "with" : "without"} credentials: ${passes ? "read" : "not read"}`, () =>
    assert.equal(corsFault(fields, WEB, credentials) === undefined, passes));
}

test("an origin that may not be named is admitted as null alone", () => {
  assert.equal(corsFault([["access-control-allow-origin", "null"]], "null", false), undefined);
  assert.notEqual(corsFault([["access-control-allow-origin", WEB]], "null", false), undefined);
});

interface PreflightCase {
  methods?: string;
  names?: string;
  method?: string;
  unsafe?: string[];
  credentials?: boolean;
  passes: boolean;
}
const PREFLIGHTS: PreflightCase[] = [
  { passes: true },
  { method: "PUT", passes: false },
  { method: "PUT", methods: "GET, PUT", passes: true },
  { method: "PUT", methods: "put", passes: false },
  { method: "PUT", methods: "*", passes: true },
  { method: "PUT", methods: "*", credentials: true, passes: false },
  { method: "POST", methods: "PUT", passes: true },
  { unsafe: ["x-a"], passes: false },
  { unsafe: ["x-a"], names: "X-A", passes: true },
  { unsafe: ["x-a", "x-b"], names: "x-a", passes: false },
  { unsafe: ["x-a"], names: "*", passes: true },
  { unsafe: ["x-a"], names: "*", credentials: true, passes: false },
  { unsafe: ["authorization"], names: "*", passes: true },
  { unsafe: ["authorization"], names: "*", credentials: true, passes: false },
];
for (const one of PREFLIGHTS) {
  const { methods, names, method = "GET", unsafe = [], credentials = false, passes } = one;
  test(`a preflight: ${JSON.stringify(one)}`, () => {
    const fields: [string, string][] = [];
    if (methods !== undefined) fields.push(["access-control-allow-methods", methods]);
    if (names !== undefined) fields.push(["access-control-allow-headers", names]);
    const fault = preflightFault(allowedBy(fields), method, unsafe, credentials);
    assert.equal(fault === undefined, passes, fault);
  });
}

test("an answer to a preflight is kept as long as it says, and no longer than two hours", () => {
  let nowMs = 0;
  const preflights = new Preflights(() => nowMs);
  const said = (age: string | undefined): Fields => [
    ["access-control-allow-methods", "PUT"],
    ...(age === undefined ? [] : [["access-control-max-age", age] as const]),
  ];
  const lasts = (age: string | undefined, ms: number): boolean => {
    nowMs = 0;
    preflights.keep("a", said(age));
    nowMs = ms;
    return preflights.allows("a", "PUT", [], false);
  };
  assert.ok(lasts(undefined, 4_999));
  assert.ok(!lasts(undefined, 5_000));
  assert.ok(lasts("60", 59_999));
  assert.ok(!lasts("0", 0));
  assert.ok(!lasts("-1", 0));
  assert.ok(lasts("what", 4_999));
  assert.ok(lasts("999999", 7_199_999));
  assert.ok(!lasts("999999", 7_200_000));
  nowMs = 0;
  preflights.keep("a", said("60"));
  assert.ok(!preflights.allows("b", "PUT", [], false));
  assert.ok(!preflights.allows("a", "DELETE", [], false));
  assert.ok(!preflights.allows("a", "PUT", ["x-a"], false));
});

test("of an answer's fields seven are seen, and those that it names", () => {
  const fields: Fields = [
    ["content-type", "a"],
    ["x-one", "1"],
    ["x-two", "2"],
    ["set-cookie", "c"],
    ["access-control-expose-headers", "X-One, set-cookie"],
  ];
  const names = (given: Fields, credentials: boolean): string[] =>
    exposed(given, credentials).map(([name]) => name);
  assert.deepEqual(names(fields, true), ["content-type", "x-one"]);
  const all: Fields = [...fields.slice(0, 4), ["access-control-expose-headers", "*"]];
  assert.ok(names(all, false).includes("x-two"));
  assert.ok(!names(all, false).includes("set-cookie"));
  assert.deepEqual(names(all, true), ["content-type"]);
});

test("a resource policy is asked of what a page embeds", () => {
  const policy = (said: string): Fields => [["cross-origin-resource-policy", said]];
  assert.ok(mayBeEmbedded([], false, ""));
  assert.ok(!mayBeEmbedded([], true, "require-corp"));
  assert.ok(mayBeEmbedded([], true, "credentialless"));
  assert.ok(mayBeEmbedded(policy("cross-origin"), false, "require-corp"));
  assert.ok(mayBeEmbedded(policy("same-site"), true, "require-corp"));
  assert.ok(!mayBeEmbedded(policy("same-site"), false, ""));
  assert.ok(!mayBeEmbedded(policy("same-origin"), true, ""));
});

test("a referrer never says more than the page's policy", () => {
  const page = `${WEB}/a?b#c`;
  assert.equal(refererTo(WEB, page, ""), `${WEB}/`);
  assert.equal(refererTo(WEB, page, "strict-origin-when-cross-origin"), `${WEB}/`);
  assert.equal(refererTo(WEB, page, "unsafe-url"), `${WEB}/a?b`);
  assert.equal(refererTo(WEB, page, "no-referrer"), "");
  assert.equal(refererTo(WEB, page, "same-origin"), "");
  assert.equal(refererTo(WEB, "https://other.example/a", "unsafe-url"), "");
  assert.equal(refererTo(WEB, `${WEB}.evil.example/a`, "unsafe-url"), "");
});

const HERE = new URL(WEB);
const SIBLINGS: [url: string, sibling: boolean][] = [
  ["https://api-crab.example.com/a", true],
  ["https://my-api-crab.example.com/", true],
  ["https://api-other.example.com/", true],
  ["https://web-crab.example.com/", false],
  ["http://api-crab.example.com/", false],
  ["https://api-crab.example.com:8443/", false],
  ["https://www.example.com/", false],
  ["https://api-crab.deep.example.com/", false],
  ["https://api-crab.example.org/", false],
  ["https://example.com/", false],
  ["blob:https://api-crab.example.com/x", false],
];
for (const [url, sibling] of SIBLINGS) {
  test(`${url} is ${sibling ? "a sibling" : "none"}`, () =>
    assert.equal(isSibling(new URL(url), HERE), sibling));
}

test("what one box shares is one site", () => {
  assert.ok(isSameBox(WEB, "https://my-api-crab.example.com"));
  assert.ok(!isSameBox(WEB, "https://web-other.example.com"));
  assert.ok(!isSameBox(WEB, "https://web-crab.example.com:8443"));
});
