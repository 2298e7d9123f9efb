// What the coordinator says is read as the vectors have it, and nothing else is.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BadSignalling, decodeSignalling } from "../../src/shell/signalling-messages";
import { read } from "../vectors";

type Text = string | [string, number][];

interface Fields {
  t: string;
  [key: string]: unknown;
}

const { visit } = read<{
  visit: {
    valid: { name: string; message: Text; fields: Fields }[];
    ignored: { name: string; message: Text }[];
    invalid: { name: string; message: Text }[];
  };
}>("signalling");

// What only visitors say is no concern of a visitor's reader.
const OURS = /"t":\s*"(offer|end)"/;

for (const { name, message, fields } of visit.valid) {
  const text = whole(message);
  if (OURS.test(text)) continue;
  test(`the coordinator says ${name}`, () => {
    const decoded = decodeSignalling(text);
    assert.ok(decoded);
    assert.deepEqual(asFields(decoded), { ...fields });
  });
}

for (const { name, message } of visit.ignored) {
  test(`is ignored: ${name}`, () => assert.equal(decodeSignalling(whole(message)), undefined));
}

for (const { name, message } of visit.invalid) {
  const text = whole(message);
  if (OURS.test(text) && text.length < 65_536 && !text.includes("}{")) continue;
  test(`is refused: ${name}`, () => assert.throws(() => decodeSignalling(text), BadSignalling));
}

test("binary is refused", () => {
  assert.throws(() => decodeSignalling(new ArrayBuffer(8)), BadSignalling);
});

function whole(message: Text): string {
  if (typeof message === "string") return message;
  return message.map(([part, times]) => part.repeat(times)).join("");
}

function asFields(
  decoded: NonNullable<ReturnType<typeof decodeSignalling>>,
): Record<string, unknown> {
  switch (decoded.t) {
    case "introduced": {
      const { t, session, peerId, iceServers } = decoded;
      return { t, session, peer_id: peerId, ice_servers: iceServers };
    }
    case "apps": {
      const { t, apps, alias, peerId } = decoded;
      return { t, apps, alias, peer_id: peerId };
    }
    case "answer":
      return {
        t: "answer",
        sdp: decoded.sdp,
        signature: Buffer.from(decoded.signature).toString("base64"),
      };
    case "candidate":
      return { ...decoded };
    case "error": {
      const { t, code, message, retryS } = decoded;
      return { t, code, message, ...(retryS !== undefined && { retry_s: retryS }) };
    }
    default:
      return decoded satisfies never;
  }
}
