// A channel on its way to the worker: nothing that comes meanwhile is lost, and one of two follows.

import assert from "node:assert/strict";
import { test } from "node:test";
import { whenOpen } from "../../src/worker/opening";

class Channel extends EventTarget {
  binaryType = "blob";
  onopen: ((event: Event) => void) | null = null;
  onclose: ((event: Event) => void) | null = null;
  onerror: ((event: Event) => void) | null = null;
  onmessage: ((event: MessageEvent) => void) | null = null;

  constructor(public readyState: RTCDataChannelState) {
    super();
  }
}

interface Outcome {
  failed: number;
  opened: unknown[][];
}

function wait(channel: Channel, trusted?: Promise<unknown>): Outcome {
  const outcome: Outcome = { failed: 0, opened: [] };
  whenOpen(
    channel as unknown as RTCDataChannel,
    trusted,
    () => (outcome.failed += 1),
    (early) => outcome.opened.push(early.map((event) => event.data)),
  );
  return outcome;
}

const message = (data: unknown): MessageEvent => new MessageEvent("message", { data });

test("what comes before the channel is seen to be open is handed on, in order", () => {
  const channel = new Channel("connecting");
  const outcome = wait(channel);
  channel.onmessage?.(message("HELLO"));
  channel.onmessage?.(message("a response"));
  assert.deepEqual(outcome.opened, []);
  channel.onopen?.(new Event("open"));
  assert.deepEqual(outcome.opened, [["HELLO", "a response"]]);
  assert.equal(channel.onmessage, null, "from now on the link reads");
  assert.equal(channel.binaryType, "arraybuffer");
});

test("a channel that has opened on its way opens without an event", async () => {
  const outcome = wait(new Channel("open"));
  await Promise.resolve();
  assert.deepEqual(outcome, { failed: 0, opened: [[]] });
});

for (const state of ["closing", "closed"] as const) {
  test(`a channel that is ${state} on arrival has failed`, async () => {
    const outcome = wait(new Channel(state));
    await Promise.resolve();
    assert.deepEqual(outcome, { failed: 1, opened: [] });
  });
}

test("an error and the close that follows are one failure", () => {
  const channel = new Channel("connecting");
  const outcome = wait(channel);
  const close = channel.onclose;
  channel.onerror?.(new Event("error"));
  assert.equal(channel.onclose, null);
  assert.notEqual(close, null);
  assert.deepEqual(outcome, { failed: 1, opened: [] });
});

test("a link waits until its box is trusted, and has what came meanwhile", async () => {
  const channel = new Channel("connecting");
  let trust!: () => void;
  const outcome = wait(channel, new Promise<void>((resolve) => (trust = resolve)));
  channel.onopen?.(new Event("open"));
  channel.onmessage?.(message("HELLO"));
  await Promise.resolve();
  assert.deepEqual(outcome, { failed: 0, opened: [] });
  trust();
  await Promise.resolve();
  assert.deepEqual(outcome, { failed: 0, opened: [["HELLO"]] });
});

test("a box that is trusted before the channel opens is not waited for", async () => {
  const channel = new Channel("connecting");
  const outcome = wait(channel, Promise.resolve());
  channel.onopen?.(new Event("open"));
  await Promise.resolve();
  assert.deepEqual(outcome, { failed: 0, opened: [[]] });
});

test("a channel that closes before its box is trusted has failed, and stays so", async () => {
  const channel = new Channel("connecting");
  let trust!: () => void;
  const outcome = wait(channel, new Promise<void>((resolve) => (trust = resolve)));
  channel.onopen?.(new Event("open"));
  channel.onclose?.(new Event("close"));
  trust();
  await Promise.resolve();
  assert.deepEqual(outcome, { failed: 1, opened: [] });
});

test("a box that is not trusted yet cannot fill the memory", () => {
  const channel = new Channel("connecting");
  const outcome = wait(channel, new Promise(() => undefined));
  channel.onopen?.(new Event("open"));
  for (let sent = 0; channel.onmessage && sent < 1_000; sent += 1) channel.onmessage(message(sent));
  assert.deepEqual(outcome, { failed: 1, opened: [] });
});
