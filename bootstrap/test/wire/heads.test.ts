// Heads, trailers and HELLO, byte for byte.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Code } from "../../src/wire/codes";
import { LocalFault, SessionFault, StreamFault } from "../../src/wire/faults";
import {
  type Fields,
  type RequestHead,
  type ResponseHead,
  decodeResponse,
  decodeTrailers,
  encodeRequest,
} from "../../src/wire/heads";
import { agree, decodeHello, encodeHello } from "../../src/wire/hello";
import { unpack } from "../../src/wire/msgpack";
import { type Hex, bytes, hex, read } from "../vectors";

interface Invalid {
  name: string;
  payload: Hex;
  code: "bad-request" | "head-too-large";
}

interface Valid {
  name: string;
  payload: Hex;
  canonical: boolean;
}

const vectors = read<{
  request: { valid: (Valid & { head: RequestHead })[] };
  response: { valid: (Valid & { head: ResponseHead })[]; invalid: Invalid[] };
  trailers: { valid: (Valid & { fields: Fields })[]; invalid: Invalid[] };
}>("heads");

for (const { name, payload, head } of vectors.request.valid.filter(({ canonical }) => canonical)) {
  test(`a request head is written: ${name}`, () => {
    assert.equal(hex(encodeRequest(head)), hex(bytes(payload)));
  });
}

for (const { name, payload, head } of vectors.response.valid) {
  test(`a response head is read: ${name}`, () =>
    assert.deepEqual(decodeResponse(bytes(payload)), head));
}

for (const { name, payload, fields } of vectors.trailers.valid) {
  test(`trailers are read: ${name}`, () =>
    assert.deepEqual(decodeTrailers(bytes(payload)), fields));
}

for (const { name, payload, code } of vectors.response.invalid) {
  test(`a response head is refused: ${name}`, () => {
    assert.throws(() => decodeResponse(bytes(payload)), isFault(code));
  });
}

for (const { name, payload, code } of vectors.trailers.invalid) {
  test(`trailers are refused: ${name}`, () => {
    assert.throws(() => decodeTrailers(bytes(payload)), isFault(code));
  });
}

test("a field with a line end is never sent", () => {
  const head = {
    method: "GET",
    target: "/",
    urgency: 3,
    fields: [["x-note", "a\r\nb: c"]] as const,
  };
  assert.throws(() => encodeRequest(head), LocalFault);
});

test("a head as large as it may be is sent, and a larger one is not", () => {
  const head = { method: "GET", target: "/", urgency: 3, fields: [] };
  const many = Array.from({ length: 1_024 }, () => ["a", "b"] as const);
  assert.equal(encodeRequest({ ...head, fields: [["a", "b".repeat(262_122)]] }).length, 262_144);
  assert.ok(encodeRequest({ ...head, fields: many }).length);
  assert.ok(encodeRequest({ ...head, target: `/${"a".repeat(131_071)}` }).length);
  const tooLarge = [
    { ...head, fields: [["a", "b".repeat(262_123)] as const] },
    { ...head, fields: [...many, ["a", "b"] as const] },
    { ...head, target: `/${"a".repeat(131_072)}` },
  ];
  for (const each of tooLarge) assert.throws(() => encodeRequest(each), LocalFault);
});

test("a target of another site is never sent", () => {
  const head = { method: "GET", target: "http://example.org/", urgency: 3, fields: [] };
  assert.throws(() => encodeRequest(head), LocalFault);
});

function isFault(code: Invalid["code"]): (error: unknown) => boolean {
  const expected = code === "head-too-large" ? Code.HEAD_TOO_LARGE : Code.PROTOCOL;
  return (error) => error instanceof StreamFault && error.code === expected;
}

interface HelloVector {
  role: "visitor" | "box";
  version: number;
  oldest: number;
  software: string;
  window_bytes: number;
  streams: number;
  extensions: string[];
  token: string;
  place: number | null;
}

const hellos = read<{
  valid: { name: string; payload: Hex; hello: HelloVector }[];
  invalid: { name: string; payload: Hex }[];
  versions: {
    name: string;
    ours: [number, number];
    theirs: [number, number];
    version: number | null;
  }[];
}>("hello");

for (const { name, payload, hello } of hellos.valid.filter(({ hello }) => hello.role === "box")) {
  test(`a box's HELLO is read: ${name}`, () => {
    const { version, oldest, software, window_bytes: windowBytes, streams, extensions } = hello;
    const { token, place } = hello;
    const expected = { version, oldest, software, windowBytes, streams, extensions };
    const read = decodeHello(bytes(payload));
    assert.deepEqual(
      { ...read, token: hex(read.token), place: read.place ?? null },
      {
        ...expected,
        token,
        place,
      },
    );
  });
}

for (const { name, payload } of hellos.invalid) {
  test(`a HELLO is refused: ${name}`, () =>
    assert.throws(() => decodeHello(bytes(payload)), SessionFault));
}

for (const { name, ours, theirs, version } of hellos.versions) {
  if (ours[0] !== 1 || ours[1] !== 1) continue;
  test(`versions: ${name}`, () => {
    const box = { version: theirs[0], oldest: theirs[1] };
    if (version !== null) assert.equal(agree(box), version);
    else
      assert.throws(
        () => agree(box),
        (error) => error instanceof SessionFault && error.code === Code.VERSION,
      );
  });
}

test("our HELLO names the app", () => {
  const hello = unpack(encodeHello("dog", "t/1", 65_536));
  assert.ok(hello instanceof Map);
  assert.equal(hello.get("app"), "dog");
});
