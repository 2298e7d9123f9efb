// A link that fails half way through a message, a timer or a request: it ends, says so once, and no
// request waits for it.

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Code } from "../../src/wire/codes";
import { Delivery } from "../../src/wire/delivery";
import { FrameType } from "../../src/wire/frame";
import { Keepalive } from "../../src/wire/keepalive";
import { readGoaway } from "../../src/wire/payloads";
import { Scheduler } from "../../src/wire/scheduler";
import { Streams } from "../../src/wire/streams";
import { later } from "../../src/worker/later";
import { Rest } from "../../src/worker/rest";
import { type Source, Upload } from "../../src/worker/upload";
import { BoxEnd, Visit, pass, turn } from "./visit";

later.here = { Rest, Upload } as unknown as NonNullable<typeof later.here>;

const BODY: Source = { kind: "blob", blob: new Blob(["0123456789"]) };

// Lets a function fail once; returns what is logged.
function failing(t: TestContext, of: object, name: string): unknown[][] {
  const logged: unknown[][] = [];
  t.mock.method(console, "error", (...given: unknown[]) => void logged.push(given));
  const method = t.mock.method(of as Record<string, () => unknown>, name);
  method.mock.mockImplementationOnce(() => {
    throw new RangeError("out of memory");
  });
  return logged;
}

const FAULTS: [what: string, of: object, name: string, happen: (box: BoxEnd) => void][] = [
  ["a message is read", Delivery.prototype, "countReceived", (box) => box.begin(3)],
  ["a message is kept", Delivery.prototype, "keepSent", (box) => box.data(1, "more", false)],
  ["the channel sends", BoxEnd.prototype, "send", () => pass(200)],
  ["a stream is read", Streams.prototype, "read", (box) => box.begin(3)],
  ["time passes", Keepalive.prototype, "check", () => pass(20_000)],
];

for (const [what, of, name, happen] of FAULTS) {
  test(`a link that fails while ${what} ends, and its requests settle`, async (t) => {
    const visit = new Visit(t);
    const box = await visit.link();
    const [read, sent, upload] = [visit.ask("GET"), visit.ask("GET"), visit.ask("POST", BODY)];
    await turn();
    box.begin(1);
    await turn();
    const logged = failing(t, of, name);
    if (name === "keepSent") visit.ask("GET");
    happen(box);
    await turn();
    assert.deepEqual(visit.losses, [Code.INTERNAL]);
    assert.equal(logged.length, 1);
    assert.equal(box.readyState, "closed");
    assert.equal(visit.links[0]?.resumable, false);
    const [last] = box.frames.filter(({ type }) => type === FrameType.GOAWAY);
    assert.equal(last && readGoaway(last.payload).code, Code.INTERNAL);
    const next = await visit.link();
    await turn();
    for (const stream of next.streamsOf(FrameType.REQUEST)) next.respond(stream, "whole");
    assert.deepEqual([read.outcome, sent.outcome, upload.outcome], ["whole", "whole", "lost"]);
  });
}

test("a response of which a piece could not be handed on fails, and its rest is not put behind the gap", async (t) => {
  const visit = new Visit(t);
  const box = await visit.link();
  const [broken, other] = [visit.ask("GET"), visit.ask("GET")];
  await turn();
  box.begin(1);
  box.data(1, "begin", false);
  const logged = t.mock.method(console, "error", () => undefined);
  broken.fault = new RangeError("out of memory");
  box.data(1, "middle", false);
  await turn();
  assert.equal(broken.outcome, "lost");
  assert.equal(logged.mock.callCount(), 1);
  const next = await visit.link();
  await turn();
  assert.deepEqual(next.streamsOf(FrameType.REQUEST), [1]);
  next.respond(1, "whole");
  assert.equal(other.outcome, "whole");
});

test("a request that cannot be put on a link that fails goes over another one", async (t) => {
  const visit = new Visit(t);
  await visit.link();
  const second = await visit.link();
  const logged = failing(t, Scheduler.prototype, "head");
  const asked = visit.ask("POST", BODY);
  await turn();
  assert.deepEqual(visit.losses, [Code.INTERNAL]);
  assert.equal(logged.length, 1);
  second.respond(1, "whole");
  assert.equal(asked.outcome, "whole");
});
