// A link whose machine has slept: it is asked at once, though the browser's clock stood still meanwhile,
// and after a long sleep another link is looked for without waiting for a reply.

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { PathWatch } from "../../src/worker/path-watch";

class Owner {
  readonly connected = true;
  readonly resumable = true;
  readonly openStreams = 0;
  readonly channel = undefined;
  speaks(): undefined {
    return undefined;
  }
  readonly happened: string[] = [];
  ping(): void {
    this.happened.push("ping");
  }
  suspected(): void {
    this.happened.push("suspected");
  }
  recovered(): void {
    this.happened.push("recovered");
  }
  expired(): void {
    this.happened.push("expired");
  }
}

// A link on which a PING was acknowledged, on a clock that the test moves; sleep: what the clock on the
// wall does alone, or that and no timer.
function idle(t: TestContext): { owner: Owner; watch: PathWatch; sleep: (ms: number) => void } {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const { now } = Date;
  let sleptMs = 0;
  t.mock.method(Date, "now", () => now() + sleptMs);
  const owner = new Owner();
  const watch = new PathWatch(owner);
  watch.begin();
  watch.pong(20);
  t.mock.timers.tick(1_000);
  owner.happened.splice(0);
  return { owner, watch, sleep: (ms) => (sleptMs += ms) };
}

for (const sleptMs of [0, 10_000, 1_800_000]) {
  test(`who waits after ${sleptMs} ms of sleep ${sleptMs ? "asks" : "does not ask"} the box`, (t) => {
    const { owner, watch, sleep } = idle(t);
    sleep(sleptMs);
    watch.begin();
    assert.equal(owner.happened.includes("ping"), sleptMs > 0);
    watch.stop();
  });
}

test("a short sleep lets the link be", (t) => {
  const { owner, watch, sleep } = idle(t);
  sleep(10_000);
  assert.equal(watch.slept(), false);
  assert.deepEqual(owner.happened, []);
  watch.stop();
});

test("after a long sleep another link is looked for before anything is sent on this one", (t) => {
  const { owner, watch, sleep } = idle(t);
  sleep(60_000);
  assert.equal(watch.slept(), true);
  assert.deepEqual(owner.happened, ["ping", "suspected"]);
  t.mock.timers.tick(29_000);
  assert.deepEqual(owner.happened, ["ping", "suspected"]);
  t.mock.timers.tick(2_000);
  assert.deepEqual(owner.happened, ["ping", "suspected", "expired"]);
  watch.stop();
});

test("a long sleep is noticed though nobody waits", (t) => {
  const { owner, watch, sleep } = idle(t);
  sleep(60_000);
  t.mock.timers.tick(2_000);
  assert.deepEqual(owner.happened, ["ping", "suspected"]);
  watch.stop();
});

test("a link that is well after all is used again, and doubted less soon", (t) => {
  const { owner, watch, sleep } = idle(t);
  sleep(20_000);
  assert.equal(watch.slept(), true);
  watch.received();
  watch.pong(20);
  t.mock.timers.tick(300);
  assert.deepEqual(owner.happened, ["ping", "suspected", "recovered"]);
  sleep(20_000);
  assert.equal(watch.slept(), false);
  sleep(40_000);
  assert.equal(watch.slept(), true);
  watch.stop();
});
