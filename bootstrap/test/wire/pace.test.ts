// When silence on a link is suspicious, on a clock of the test's own. The same as test_pace.py.

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Doubt, Pace } from "../../src/wire/pace";

const RTT_MS = 40;

class Watch {
  readonly pace = new Pace();
  nowMs = 0;
  messages = 0;

  constructor() {
    this.pace.begin(this.nowMs);
    this.pong();
  }

  pong(): void {
    this.messages += 1;
    this.pace.pong(RTT_MS, this.nowMs);
  }

  /** Messages come at this pace; PINGs are acknowledged. How many there were. */
  receive(everyMs: number, forMs: number): number {
    const endMs = this.nowMs + forMs;
    let dueMs = this.nowMs;
    let pings = 0;
    while (this.nowMs < endMs) {
      this.nowMs += this.pace.lookMs;
      if (this.nowMs >= dueMs) {
        dueMs += everyMs;
        this.messages += 1;
      }
      const doubt = this.look();
      assert.notEqual(doubt, "suspect");
      if (doubt !== "ping") continue;
      pings += 1;
      this.pong();
    }
    return pings;
  }

  /** Nothing comes: how long it takes. */
  silence(wanted: Doubt): number {
    const beganMs = this.nowMs;
    for (;;) {
      this.nowMs += this.pace.lookMs;
      if (this.look() === wanted) return this.nowMs - beganMs;
      assert.ok(this.nowMs < beganMs + 60_000);
    }
  }

  look(): Doubt {
    return this.pace.look(this.messages, this.nowMs);
  }
}

test("a stream that stops is suspected within half a second", () => {
  const watch = new Watch();
  watch.receive(100, 5_000);
  assert.ok(watch.silence("suspect") < 500);
});

for (const everyMs of [100, 700, 5_000, 40_000]) {
  test(`an even pace of ${everyMs} ms is never suspected`, () => {
    new Watch().receive(everyMs, 300_000);
  });
}

test("a link that was suspected by mistake is given more time for the next PONG", () => {
  const watch = new Watch();
  const patience = [1, 2, 3].map(() => {
    watch.receive(100, 5_000);
    watch.silence("ping");
    const tookMs = watch.silence("suspect");
    watch.pong();
    return tookMs;
  });
  assert.deepEqual(
    patience,
    [...patience].sort((one, other) => one - other),
  );
  assert.ok((patience[2] ?? 0) > (patience[0] ?? 0));
});

test("who has stood still waits for the PONG once more", () => {
  const watch = new Watch();
  watch.receive(100, 5_000);
  watch.silence("ping");
  watch.nowMs += 1_800_000;
  assert.equal(watch.look(), "nothing");
  assert.ok(watch.silence("suspect") < 500);
});

test("one who waits beside a stream that is silent for long asks at once", () => {
  const watch = new Watch();
  watch.receive(30_000, 120_000);
  watch.nowMs += 4_000;
  assert.equal(watch.pace.more(watch.nowMs), "ping");
  assert.equal(watch.pace.more(watch.nowMs), "nothing");
});

test("bursts are not asked after more often than the box acknowledges", () => {
  const watch = new Watch();
  let pings = 0;
  for (let burst = 0; burst < 30; burst += 1) {
    pings += watch.receive(400, 400);
    for (let message = 0; message < 20; message += 1) {
      watch.messages += 1;
      watch.nowMs += 1;
      watch.look();
    }
  }
  assert.ok(pings <= 12, String(pings));
});
