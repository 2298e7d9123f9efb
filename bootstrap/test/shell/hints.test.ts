// What one visit leaves for the next: how the box is dialled, and that it was not there.

import assert from "node:assert/strict";
import { test } from "node:test";
import { avoid, keepHints, knownDial, seenFrom } from "../../src/shell/hints";
import { bytes, read } from "../vectors";

const dial = read<{ descriptors: { bytes: string; signature: string }[] }>("dial");
const { key } = read<{ key: { public: string } }>("signatures");
const [here, elsewhere] = dial.descriptors.map(({ bytes: signed, signature }) =>
  Buffer.from(bytes(key.public + signature + signed)).toString("base64url"),
);
assert.ok(here && elsewhere);

// Long before the vectors expire.
let nowMs = 1_700_000_000_000;
Date.now = () => nowMs;

function keep(text: string | undefined): void {
  keepHints({ servers: [], untilMs: nowMs, dial: text });
}

async function leadsToNobody(): Promise<void> {
  const dialled = await knownDial();
  assert.ok(dialled);
  avoid(dialled);
}

test("a dial that led to nobody is not tried again for ten minutes", async () => {
  keep(here);
  await leadsToNobody();
  assert.equal(await knownDial(), undefined);
  keep(here); // with the next reply of the coordinator
  nowMs += 599_999;
  assert.equal(await knownDial(), undefined);
  nowMs += 1;
  assert.ok(await knownDial());
});

test("what was kept is dialled until its ticket expires, and not later", async () => {
  keep(here);
  const expiresMs = ((await knownDial())?.descriptor.expiresS ?? 0) * 1_000;
  const beforeMs = nowMs;
  nowMs = expiresMs - 1;
  assert.ok(await knownDial());
  nowMs = expiresMs;
  assert.equal(await knownDial(), undefined);
  nowMs = beforeMs;
});

test("a clock that was set back makes it no longer", async () => {
  keep(here);
  await leadsToNobody();
  nowMs -= 1;
  assert.ok(await knownDial());
});

test("a box at another address is dialled", async () => {
  keep(here);
  await leadsToNobody();
  keep(elsewhere);
  assert.ok(await knownDial());
});

test("a box that was started again, and has another certificate, is dialled", async () => {
  nowMs += 600_000;
  keep(here);
  await leadsToNobody();
  assert.equal(await knownDial(), undefined);
  const again = Buffer.from(here, "base64url");
  const fingerprintAt = 96 + 35; // behind key and signature: docs/WIRE.md §16
  again.writeUInt8(again.readUInt8(fingerprintAt) ^ 1, fingerprintAt);
  keep(again.toString("base64url"));
  assert.ok(await knownDial());
});

test("a visitor in another network dials again", async () => {
  nowMs += 600_000;
  seenFrom("192.0.2.1");
  keep(here);
  await leadsToNobody();
  seenFrom("192.0.2.1");
  assert.equal(await knownDial(), undefined);
  seenFrom("198.51.100.1");
  assert.ok(await knownDial());
});
