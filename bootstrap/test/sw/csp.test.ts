// Policies of apps admit our script and our frame, and keep all the rest.

import assert from "node:assert/strict";
import { test } from "node:test";
import { admit } from "../../src/sw/csp";

const OWN = "own-nonce";
const HERE = { embedded: false, secure: true };

function admitted(policy: string): { nonce: string; policy: string } {
  const { nonce, policies } = admit([policy], OWN, HERE);
  return { nonce, policy: policies.join(", ") };
}

test("no policy needs nothing", () => {
  assert.deepEqual(admit([], OWN, HERE), { nonce: "", policies: [] });
});

test("the app's nonce is used", () => {
  const policy = "script-src 'nonce-abc' 'strict-dynamic'";
  assert.deepEqual(admitted(policy), { nonce: "abc", policy });
});

test("hashes get a nonce beside them", () => {
  const policy = "script-src 'sha256-AAAA='";
  assert.deepEqual(admitted(policy), { nonce: OWN, policy: `${policy} 'nonce-${OWN}'` });
});

test("'none' gives way to the nonce", () => {
  assert.deepEqual(admitted("script-src 'none'"), {
    nonce: OWN,
    policy: `script-src 'nonce-${OWN}'`,
  });
});

test("a default gets a directive of scripts beside it", () => {
  const policy = `default-src 'none'; img-src *; script-src 'nonce-${OWN}'`;
  assert.deepEqual(admitted("default-src 'none'; img-src *"), { nonce: OWN, policy });
});

test("'unsafe-inline' stays in force, which a nonce would end", () => {
  const policy = "script-src https://cdn.example.com 'unsafe-inline'";
  assert.deepEqual(admitted(policy), { nonce: "", policy: `${policy} 'self'` });
});

test("a policy without scripts is left alone", () => {
  assert.deepEqual(admitted("img-src 'self'"), { nonce: "", policy: "img-src 'self'" });
});

test("the shell may frame what nobody may", () => {
  assert.equal(admitted("frame-ancestors 'none'").policy, "frame-ancestors 'self'");
});

test("within another site the app's word on framing holds", () => {
  const { policies } = admit(["frame-ancestors 'none'"], OWN, { ...HERE, embedded: true });
  assert.deepEqual(policies, ["frame-ancestors 'none'"]);
});

test("within a site that the app admits the shell is admitted too", () => {
  const { policies } = admit(["frame-ancestors https://a.example"], OWN, {
    ...HERE,
    embedded: true,
  });
  assert.deepEqual(policies, ["frame-ancestors https://a.example 'self'"]);
});

test("a sandbox keeps the app's origin", () => {
  assert.equal(admitted("sandbox allow-scripts").policy, "sandbox allow-scripts allow-same-origin");
});

test("without encryption nothing is upgraded to it", () => {
  const { policies } = admit(["upgrade-insecure-requests"], OWN, { ...HERE, secure: false });
  assert.deepEqual(policies, []);
});

test("two policies share one nonce", () => {
  const { nonce, policies } = admit(["script-src 'nonce-abc'", "script-src 'self'"], OWN, HERE);
  assert.equal(nonce, "abc");
  assert.deepEqual(policies, ["script-src 'nonce-abc'", "script-src 'self' 'nonce-abc'"]);
});
