// What a visitor verifies, by the same vectors as the box: signatures, fingerprints, key aliases.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  answerPayload,
  isKeyAlias,
  isSignedByPeer,
  keyAliasOf,
  signedBytes,
  verify,
} from "../../src/shell/answer-proof";
import { isSound } from "../../src/shell/ed25519";
import { decodeBase32, encodeBase32 } from "../../src/shell/base32";
import {
  BadDescription,
  fingerprintOf,
  withoutOtherFingerprints,
} from "../../src/shell/session-description";
import { judge } from "../../src/late/judging";
import { refusalOf } from "../../src/shell/trust";
import { bytes, hex, read } from "../vectors";

interface Answer {
  name: string;
  session: string;
  offer: string;
  fingerprint: string;
  payload: string;
  signed: string;
  signature: string;
}

const vectors = read<{
  key: { public: string; peer_id: string; key_alias: string };
  answer: Answer[];
  unsound: { name: string; public: string; signature: string }[];
  descriptions: { name: string; sdp: string; fingerprint: string | null; kept: string | null }[];
}>("signatures");
const publicKey = bytes(vectors.key.public);

test("a peer id is the key in base32", () => {
  assert.equal(encodeBase32(publicKey), vectors.key.peer_id);
  assert.equal(hex(decodeBase32(vectors.key.peer_id, 32) ?? new Uint8Array()), vectors.key.public);
});

test("base32 with bits left over is none of ours", () => {
  assert.equal(decodeBase32(`${"a".repeat(51)}b`, 32), undefined);
});

test("a key alias is the beginning of the key's hash", async () => {
  assert.equal(await keyAliasOf(publicKey), vectors.key.key_alias);
  assert.equal(await isKeyAlias(vectors.key.key_alias, vectors.key.peer_id), true);
  assert.equal(await isKeyAlias("a".repeat(26), vectors.key.peer_id), false);
});

for (const { name, session, offer, fingerprint, payload, signed, signature } of vectors.answer) {
  test(`an answer's signature covers what it must: ${name}`, async () => {
    const made = await answerPayload(session, offer, bytes(fingerprint));
    assert.equal(hex(made), payload);
    assert.equal(hex(signedBytes("answer", made)), signed);
    assert.equal(await verify(publicKey, "answer", made, bytes(signature)), true);
    assert.equal(await verify(publicKey, "register", made, bytes(signature)), false);
  });
}

for (const { name, public: key, signature } of vectors.unsound) {
  test(`what others could have signed too is not taken: ${name}`, () => {
    assert.equal(isSound(bytes(key), bytes(signature)), false);
  });
}

test("an answer for another offer is not believed", async () => {
  const [vector] = vectors.answer;
  assert.ok(vector);
  const pairs = vector.fingerprint.match(/../g)?.join(":");
  const answer = {
    peerId: vectors.key.peer_id,
    session: vector.session,
    offerSdp: vector.offer,
    answerSdp: `v=0\r\na=fingerprint:sha-256 ${pairs}\r\n`,
    signature: bytes(vector.signature),
  };
  assert.equal(await isSignedByPeer(answer), true);
  assert.equal(await isSignedByPeer({ ...answer, offerSdp: `${vector.offer} ` }), false);
});

for (const { name, sdp, fingerprint, kept } of vectors.descriptions) {
  test(`the fingerprint of a description: ${name}`, () => {
    if (fingerprint === null) {
      assert.throws(() => fingerprintOf(sdp), BadDescription);
    } else {
      assert.equal(hex(fingerprintOf(sdp)), fingerprint);
      assert.equal(withoutOtherFingerprints(sdp), kept);
    }
  });
}

const LINE = ["a", "b", "c"].map((letter) => letter.repeat(52));
const [first = "", second = "", third = ""] = LINE;
const wrong = (because: string, expected: string): unknown => ["", { because, expected }];

test("a key that is not the pinned one, and does not follow it, is the wrong one", async () => {
  const judged = await judge("purplecrab", second, undefined, first, [], 0);
  assert.deepEqual(judged, wrong("first-visit", first));
});

test("a link names the key, whatever is pinned", async () => {
  assert.deepEqual(await judge("purplecrab", second, second, first, [], 0), [second]);
  assert.deepEqual(await judge("purplecrab", first, second, first, [], 0), wrong("link", second));
});

test("a key that was followed is good no more, though a link names it", async () => {
  const pin = [third, second, first].join(" ");
  assert.deepEqual(await judge("purplecrab", third, first, pin, [], 0), [pin]);
  const refused = wrong("first-visit", third);
  assert.deepEqual(await judge("purplecrab", first, first, pin, [], 0), refused);
  assert.deepEqual(await judge("purplecrab", second, undefined, pin, [], 0), refused);
});

test("a key alias is held to its hash, and to what was followed since", async () => {
  const { peer_id, key_alias } = vectors.key;
  assert.deepEqual(await judge(key_alias, peer_id, undefined, undefined, [], 0), [peer_id]);
  const judged = await judge(key_alias, first, undefined, undefined, [], 0);
  assert.deepEqual(judged, wrong("alias", key_alias));
  const since = await judge(key_alias, peer_id, undefined, `${first} ${peer_id}`, [], 0);
  assert.deepEqual(since, wrong("first-visit", first));
});

test("what a visit has trusted it keeps to, though the storage has lost it", async () => {
  const [none, genuine] = [Promise.resolve(undefined), Promise.resolve(true)];
  const target = { alias: "purplecrab", linkKey: undefined };
  assert.equal(await refusalOf(genuine, first, target, none), undefined);
  assert.equal(await refusalOf(genuine, first, target, none), undefined);
  // Another one is not plain, and asks for what is not here.
  await assert.rejects(refusalOf(genuine, second, target, none));
});

test("a key that has not signed is refused before anything else", async () => {
  const target = { alias: "purplecrab", linkKey: first };
  const refusal = await refusalOf(Promise.resolve(false), first, target, Promise.resolve(first));
  assert.deepEqual(refusal, { kind: "forged", found: first });
});
