// Policies of apps admit our script and our frame, and nothing else.

import assert from "node:assert/strict";
import { test } from "node:test";
import { admit } from "../../src/sw/csp";
import type { Admission, Policies, Surroundings } from "../../src/sw/policed";

const OWN = "p2claw-1";
const HERE: Surroundings = {
  embedded: false,
  origin: "https://dog-crab.example",
  url: "https://dog-crab.example/a/b",
  ownNonce: OWN,
  html: true,
};
const NOTHING: Policies = { enforced: [], reportOnly: [], endpoints: [], frameOptions: [] };
const CSP = "content-security-policy";

function admitted(given: Partial<Policies>, around: Partial<Surroundings> = {}): Admission {
  return admit({ ...NOTHING, ...given }, { ...HERE, ...around });
}

function tagged(...enforced: string[]): [nonce: string, inline: boolean, ...policies: string[]] {
  const { nonce, inline, fields } = admitted({ enforced });
  return [nonce, inline, ...fields.map(([, policy]) => policy)];
}

test("no policy needs nothing", () => {
  assert.deepEqual(tagged(), ["", false]);
});

test("the app's nonce is used", () => {
  const policy = "script-src 'nonce-abc' 'strict-dynamic'";
  assert.deepEqual(tagged(policy), ["abc", false, policy]);
});

test("hashes get a nonce beside them, for tags alone", () => {
  const policy = "script-src 'sha256-AAAA='";
  const tags = `script-src-elem 'sha256-AAAA=' 'nonce-${OWN}'`;
  assert.deepEqual(tagged(policy), [OWN, false, `${policy}; ${tags}`]);
});

test("'none' gives way to the nonce, for tags alone", () => {
  const policy = "default-src 'none'; img-src *";
  const tags = `script-src-elem 'nonce-${OWN}'`;
  assert.deepEqual(tagged(policy), [OWN, false, `${policy}; ${tags}`]);
});

test("a policy that admits the whole origin stays as it is", () => {
  for (const source of ["'self'", "*", "https:", "https://dog-crab.example", "*.example"]) {
    const policy = `script-src ${source}`;
    assert.deepEqual(tagged(policy), ["", false, policy], source);
  }
});

test("other hosts, ports and paths are not taken for the origin", () => {
  for (const source of ["http:", "cat-crab.example", "dog-crab.example:8443", "*.crab.example"]) {
    assert.equal(tagged(`script-src ${source}`)[0], OWN, source);
  }
});

test("where only text is admitted the script stands in the tag, and no URL is admitted", () => {
  const policy = "script-src https://cdn.example.com 'unsafe-inline'";
  assert.deepEqual(tagged(policy), ["", true, policy]);
});

test("'unsafe-inline' beside a nonce does not count", () => {
  const policy = "script-src 'nonce-abc' 'unsafe-inline'";
  assert.deepEqual(tagged(policy), ["abc", false, policy]);
});

test("two policies share one tag", () => {
  const strict = "script-src 'nonce-abc'";
  const tags = "script-src-elem 'self' 'nonce-abc'";
  assert.deepEqual(tagged(strict, "script-src 'self'; default-src 'none'"), [
    "abc",
    false,
    strict,
    "script-src 'self'; default-src 'none'",
  ]);
  assert.deepEqual(tagged("script-src 'unsafe-inline', script-src 'self'"), [
    OWN,
    true,
    "script-src 'unsafe-inline'",
    `script-src 'self'; ${tags.replace("abc", OWN)}`,
  ]);
});

test("a policy that only reports does not report our script either", () => {
  const { fields, nonce } = admitted({ reportOnly: ["default-src 'none'"] });
  const policy = `default-src 'none'; script-src-elem 'nonce-${OWN}'`;
  assert.equal(nonce, OWN);
  assert.deepEqual(fields, [["content-security-policy-report-only", policy]]);
});

test("reports to the app's own origin are left to the page, others to the browser", () => {
  const policy = "img-src 'none'; report-uri /r https://log.example/r; report-to own";
  const { fields, notes } = admitted({
    enforced: [policy],
    endpoints: ['own="/e", other="https://log.example/e"'],
  });
  const sent = "img-src 'none'; report-uri https://log.example/r";
  assert.deepEqual(fields, [
    ["reporting-endpoints", 'other="https://log.example/e"'],
    [CSP, sent],
  ]);
  const uris = ["https://dog-crab.example/r"];
  const to = "https://dog-crab.example/e";
  assert.deepEqual(notes, [{ sent, was: policy, reportOnly: false, uris, to }]);
});

test("the shell may frame what nobody may", () => {
  const { fields, alone } = admitted({ enforced: ["frame-ancestors 'none'"] });
  assert.deepEqual([fields, alone], [[[CSP, "frame-ancestors 'self'"]], true]);
});

test("who else may frame a page is still said", () => {
  const { fields, alone } = admitted({ enforced: ["frame-ancestors https://a.example"] });
  assert.deepEqual([fields, alone], [[[CSP, "frame-ancestors https://a.example 'self'"]], true]);
});

test("X-Frame-Options counts where no policy speaks of framing", () => {
  const alone = (frameOptions: string[], ...enforced: string[]): boolean =>
    admitted({ frameOptions, enforced }).alone;
  assert.equal(alone(["DENY"]), true);
  assert.equal(alone(["SAMEORIGIN"]), false);
  assert.equal(alone(["SAMEORIGIN", "ALLOWALL"]), true);
  assert.equal(alone(["nonsense"]), false);
  assert.equal(alone(["DENY"], "frame-ancestors 'self'"), false);
});

test("within another site the app's word on framing holds", () => {
  const given = { enforced: ["frame-ancestors 'none'"], frameOptions: ["DENY"] };
  assert.deepEqual(admitted(given, { embedded: true }).fields, [
    [CSP, "frame-ancestors 'none'"],
    ["x-frame-options", "DENY"],
  ]);
  const { fields } = admitted({ enforced: ["frame-ancestors https://a.example"] }, HERE);
  assert.deepEqual(fields, [[CSP, "frame-ancestors https://a.example 'self'"]]);
});

test("a page with an opaque origin goes into a frame that has one", () => {
  const { fields, opaque, nonce } = admitted({
    enforced: ["sandbox allow-scripts; script-src 'self'; img-src 'self'; style-src 'none'"],
  });
  assert.deepEqual(opaque, { tokens: "allow-scripts", loads: "script img" });
  assert.equal(nonce, OWN);
  const tags = `script-src-elem 'self' 'nonce-${OWN}'`;
  const policy = `script-src 'self'; img-src 'self' data:; style-src 'none'; ${tags}`;
  assert.deepEqual(fields, [[CSP, policy]]);
});

test("of two sandboxes only what both allow is allowed", () => {
  const enforced = ["sandbox allow-scripts allow-forms", "sandbox allow-forms allow-same-origin"];
  assert.equal(admitted({ enforced }).opaque?.tokens, "allow-forms");
});

test("a sandbox that keeps the origin stays as it is, and so does that of what is no page", () => {
  for (const [policy, html] of [
    ["sandbox allow-same-origin", true],
    ["sandbox", false],
  ] as const) {
    const { fields, opaque } = admitted({ enforced: [policy] }, { html });
    assert.deepEqual([fields, opaque], [[[CSP, policy]], undefined]);
  }
});

test("without encryption nothing is upgraded to it", () => {
  const origin = "http://dog-crab.localhost:8787";
  assert.deepEqual(admitted({ enforced: ["upgrade-insecure-requests"] }, { origin }).fields, []);
});
