// What the coordinator says is read as the vectors have it, and nothing else is.

import assert from "node:assert/strict";
import { test } from "node:test";
import { hintsIn } from "../../src/shell/hints";
import { BadSignalling, decodeSignalling, readReply } from "../../src/shell/signalling-messages";
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
    // What no browser reads.
    const unread = [
      "dial",
      "relay",
      "measure",
      "message",
      ...(fields.t === "apps" ? ["alias", "peer_id"] : []),
    ];
    const known = Object.entries(fields).filter(([key]) => !unread.includes(key));
    assert.deepEqual(asFields(decoded), Object.fromEntries(known));
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

test("a reply has all messages in their order, but for those of unknown types", () => {
  const reply = readReply('[{"t":"error","code":"a"},{"t":"novelty"},{"t":"error","code":"b"}]');
  assert.deepEqual(
    reply.map((message) => message.t === "error" && message.code),
    ["a", "b"],
  );
});

for (const text of [
  "",
  "{}",
  "null",
  '[{"t":"answer"}]',
  `[${'{"t":"novelty"},'.repeat(512)}{"t":"x"}]`,
]) {
  test(`is no reply: ${text.slice(0, 20)}`, () =>
    assert.throws(() => readReply(text), BadSignalling));
}

test("the ICE servers of the next visit are good for half of their time", () => {
  const hints = btoa('[{"urls":["turn:a?transport=udp"],"username":"u","credential":"c"}]');
  const known = hintsIn(
    `p2claw-ice;dur=60000;desc="${hints.replaceAll("/", "_").replaceAll("=", "")}"`,
  );
  assert.deepEqual(known?.servers, [
    { urls: ["turn:a?transport=udp"], username: "u", credential: "c" },
  ]);
  const lastsMs = known.untilMs - Date.now();
  assert.ok(lastsMs > 0 && lastsMs <= 30_000, String(lastsMs));
});

for (const field of [
  "",
  "p2claw-ice",
  'p2claw-ice;dur=0;desc="e30"',
  'p2claw-ice;dur=0;desc="!"',
]) {
  test(`names no ICE servers: ${field}`, () => assert.equal(hintsIn(field), undefined));
}

function whole(message: Text): string {
  if (typeof message === "string") return message;
  return message.map(([part, times]) => part.repeat(times)).join("");
}

function asFields(
  decoded: NonNullable<ReturnType<typeof decodeSignalling>>,
): Record<string, unknown> {
  switch (decoded.t) {
    case "introduced": {
      const { t, session, peerId, iceServers, statements } = decoded;
      const said = statements.length ? { statements } : {};
      return { t, session, peer_id: peerId, ice_servers: iceServers, ...said };
    }
    case "apps": {
      const { t, apps, down } = decoded;
      return { t, apps, ...(down.length ? { down } : {}) };
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
      const { t, code, retryS } = decoded;
      return { t, code, ...(retryS !== undefined && { retry_s: retryS }) };
    }
    default:
      return decoded satisfies never;
  }
}
