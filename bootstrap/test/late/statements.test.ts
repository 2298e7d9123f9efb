// Statements of keys, and whose names a key has, by the same vectors as in Python.

import assert from "node:assert/strict";
import { test } from "node:test";
import { lineOf, ownerOf } from "../../src/late/belonging";
import { isGenuine, readStatement } from "../../src/late/statements";
import { encodeBase32 } from "../../src/shell/base32";
import { bytes, hex, read } from "../vectors";

type Who = "founder" | "member" | "other";

interface Stated {
  name: string;
  kind: string;
  signer: string;
  subject: string;
  issued_s: number;
  expires_s: number;
  bytes: string;
}

const vectors = read<
  Record<Who, string> & {
    statements: Stated[];
    broken: { name: string; bytes: string }[];
    lines: { name: string; statements: string[]; now_s: number; found: Who; line: Who[] }[];
    owners: { name: string; statements: string[]; now_s: number; found: Who; owner: Who }[];
  }
>("statements");

for (const stated of vectors.statements) {
  test(`a statement is these bytes: ${stated.name}`, async () => {
    const statement = readStatement(bytes(stated.bytes));
    assert.ok(statement);
    assert.equal(statement.kind, stated.kind);
    assert.equal(hex(statement.signer), stated.signer);
    assert.equal(hex(statement.subject), stated.subject);
    assert.equal(statement.issuedS, stated.issued_s);
    assert.equal(statement.expiresS, stated.expires_s);
    assert.equal(await isGenuine(statement), true);
  });
}

for (const broken of vectors.broken) {
  test(`other bytes are no statement: ${broken.name}`, () => {
    assert.equal(readStatement(bytes(broken.bytes)), undefined);
  });
}

for (const { name, statements, now_s, found, owner } of vectors.owners) {
  test(`whose names a key has: ${name}`, async () => {
    const [key, expected] = [found, owner].map((who) => encodeBase32(bytes(vectors[who])));
    assert.equal(await ownerOf(key ?? "", statements.map(base64), now_s * 1_000), expected);
  });
}

for (const { name, statements, now_s, found, line } of vectors.lines) {
  test(`which keys a key follows: ${name}`, async () => {
    const [key, ...keys] = [found, ...line].map((who) => encodeBase32(bytes(vectors[who])));
    assert.deepEqual(await lineOf(key ?? "", statements.map(base64), now_s * 1_000), keys);
  });
}

test("a statement that is not base64 is passed over", async () => {
  const key = encodeBase32(bytes(vectors.member));
  assert.deepEqual(await lineOf(key, ["?"], 0), [key]);
});

function base64(data: string): string {
  return Buffer.from(data, "hex").toString("base64");
}
