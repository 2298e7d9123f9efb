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

function wait(channel: Channel): Outcome {
  const outcome: Outcome = { failed: 0, opened: [] };
  whenOpen(
    channel as unknown as RTCDataChannel,
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
