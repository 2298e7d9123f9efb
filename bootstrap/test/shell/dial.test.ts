// Descriptors are read as the vectors have them, and the answer made of one is what the box expects.

import assert from "node:assert/strict";
import { test } from "node:test";
import { verify } from "../../src/shell/answer-proof";
import { answerOf, readDescriptor, readDialled } from "../../src/shell/descriptor";
import { fingerprintOf } from "../../src/shell/session-description";
import { hintsIn } from "../../src/shell/hints";
import { bytes, hex, read } from "../vectors";

const dial = read<{
  names: { name: string; fingerprint: string; password: string; ufrag: string }[];
  descriptors: {
    name: string;
    bytes: string;
    password: string;
    fingerprint: string;
    addresses: [string, number][];
    signature: string;
  }[];
  not_descriptors: { name: string; bytes: string }[];
}>("dial");
const { key } = read<{ key: { public: string; peer_id: string } }>("signatures");

for (const vector of dial.descriptors) {
  test(`a descriptor: ${vector.name}`, async () => {
    const signed = bytes(vector.bytes);
    const found = readDescriptor(signed);
    assert.ok(found);
    assert.equal(found.password, vector.password);
    assert.equal(hex(found.fingerprint), vector.fingerprint);
    assert.deepEqual(
      found.addresses.map(([host, port]) => [canonical(host), port]),
      vector.addresses,
    );
    assert.ok(await verify(bytes(key.public), "dial", signed, bytes(vector.signature)));
    const dialled = bytes(key.public + vector.signature + vector.bytes);
    const expiresMs = found.expiresS * 1_000;
    assert.equal(readDialled(dialled, expiresMs - 1)?.peerId, key.peer_id);
    assert.equal(readDialled(dialled, expiresMs), undefined);
  });
}

for (const { name, bytes: text } of dial.not_descriptors) {
  test(`no descriptor: ${name}`, () => assert.equal(readDescriptor(bytes(text)), undefined));
}

for (const { name, fingerprint, password, ufrag } of dial.names) {
  test(`the answer to a browser's offer: ${name}`, () => {
    const [vector] = dial.descriptors;
    const descriptor = vector && readDescriptor(bytes(vector.bytes));
    assert.ok(descriptor);
    const pairs = fingerprint.match(/../g)?.join(":").toUpperCase();
    const offer = [
      "v=0",
      "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
      "a=ice-ufrag:abcd",
      `a=ice-pwd:${password}`,
      `a=fingerprint:sha-256 ${pairs}`,
      "a=setup:actpass",
      "a=sctp-port:5000",
      "",
    ].join("\r\n");
    const answer = answerOf(descriptor, offer).split("\r\n");
    assert.ok(answer.includes(`a=ice-ufrag:${ufrag}`));
    assert.ok(answer.includes(`a=ice-pwd:${vector.password}`));
    assert.ok(answer.includes("a=setup:passive"));
    assert.equal(hex(fingerprintOf(answer.join("\r\n"))), vector.fingerprint);
    assert.ok(answer.includes("a=candidate:0 1 udp 99 192.0.2.7 4000 typ host"));
    assert.equal(answer.length, offer.split("\r\n").length + 2);
  });
}

test("how a box is dialled comes beside the ICE servers", () => {
  const field = 'p2claw-ice;dur=0;desc="W10", p2claw-dial;dur=0;desc="AQ-_"';
  assert.equal(hintsIn(field)?.dial, "AQ-_");
  assert.equal(hintsIn('p2claw-ice;dur=0;desc="W10"')?.dial, undefined);
});

function canonical(host: string): string {
  return host.includes(":") ? new URL(`http://[${host}]`).hostname.slice(1, -1) : host;
}
