// A link whose machine has slept is asked at once, though the browser's clock stood still meanwhile.

import assert from "node:assert/strict";
import { test } from "node:test";
import { PathWatch } from "../../src/worker/path-watch";

const SLEPT_MS = 1_800_000;

class Owner {
  readonly connected = true;
  readonly resumable = true;
  readonly openStreams = 0;
  pings = 0;
  ping(): void {
    this.pings += 1;
  }
  suspected(): void {}
  recovered(): void {}
  expired(): void {}
}

for (const sleptMs of [0, SLEPT_MS]) {
  test(`who waits after ${sleptMs} ms of sleep ${sleptMs ? "asks" : "does not ask"} the box`, (t) => {
    const owner = new Owner();
    const watch = new PathWatch(owner);
    watch.begin();
    watch.pong(20);
    assert.equal(owner.pings, 1);
    const awake = Date.now();
    t.mock.method(Date, "now", () => awake + sleptMs);
    watch.begin();
    watch.stop();
    assert.equal(owner.pings, sleptMs ? 2 : 1);
  });
}
