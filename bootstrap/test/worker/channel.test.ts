// The channel of a link, and what may stand between it and the browser's.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Channel } from "../../src/worker/channel";
import { repeat } from "../../src/worker/repeating";

const AGAIN = 0x42; // docs/WIRE.md §18
const FULL = new Uint8Array(16_000);

// As much of the browser's channel as `Channel` uses.
class Raw {
  readonly readyState = "open";
  readonly bufferedAmount = 0;
  readonly sent: number[] = [];
  onmessage: ((event: { data: unknown }) => void) | null = null;
  send(message: Uint8Array): void {
    this.sent.push(message.length);
  }
}

function open(): { raw: Raw; channel: Channel; received: unknown[] } {
  const raw = new Raw();
  const received: unknown[] = [];
  const channel = new Channel(raw as unknown as RTCDataChannel, {
    receive: (data) => received.push(data),
    flush: () => undefined,
    cut: () => undefined,
  });
  return { raw, channel, received };
}

function write(channel: Channel, ...messages: Uint8Array[]): void {
  channel.write(() => messages.shift());
}

function about(type: number): ArrayBuffer {
  const message = new Uint8Array(8);
  message[2] = type;
  return message.buffer;
}

test("messages go straight to the browser's channel, and from it to the owner", () => {
  const { raw, channel, received } = open();
  write(channel, FULL, FULL);
  raw.onmessage?.({ data: about(AGAIN) });
  assert.deepEqual(raw.sent, [FULL.length, FULL.length]);
  assert.equal(received.length, 1);
});

test("once messages are repeated, the box learns of their numbers before a body", () => {
  const { raw, channel } = open();
  repeat(channel, () => true);
  write(channel, FULL, FULL);
  assert.deepEqual(raw.sent, [12, FULL.length, FULL.length]);
});

test("what the box asks of repeating reaches no owner, and all else does", () => {
  const { raw, channel, received } = open();
  repeat(channel, () => true);
  write(channel, FULL, FULL);
  for (const data of [about(AGAIN), about(1), "text"]) raw.onmessage?.({ data });
  assert.deepEqual(received, [about(1), "text"]);
});

test("a channel counts its messages on when it is asked again to repeat them", () => {
  const { raw, channel } = open();
  repeat(channel, () => true);
  write(channel, FULL, FULL);
  repeat(channel, () => true);
  write(channel, FULL, FULL);
  assert.equal(raw.sent.filter((bytes) => bytes === 12).length, 1);
});
