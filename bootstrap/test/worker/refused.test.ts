// Requests that a box has not processed, because it goes away or has no room: each runs again, and each
// settles.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Code } from "../../src/wire/codes";
import { FrameType } from "../../src/wire/frame";
import { later } from "../../src/worker/later";
import { type Source, Upload } from "../../src/worker/upload";
import { Visit, turn } from "./visit";

later.here = { Upload } as unknown as NonNullable<typeof later.here>;

const BODY: Source = { kind: "blob", blob: new Blob(["0123456789"]) };

for (const [method, body] of [["GET"], ["POST", BODY]] as const) {
  test(`a ${method} that was on its way as the box began to drain goes over the next link`, async (t) => {
    const visit = new Visit(t);
    const old = await visit.link();
    const processed = visit.ask("GET");
    await turn();
    const onItsWay = visit.ask(method, body);
    await turn();
    old.goaway(1);
    assert.equal(onItsWay.outcome, undefined);
    const next = await visit.link();
    await turn();
    assert.deepEqual(next.streamsOf(FrameType.REQUEST), [1]);
    next.respond(1, "whole");
    old.respond(1, "whole");
    assert.deepEqual([processed.outcome, onItsWay.outcome], ["whole", "whole"]);
  });
}

test("a request that is refused goes over another link at once, if there is one", async (t) => {
  const visit = new Visit(t);
  const [first, second] = [await visit.link(), await visit.link()];
  const asked = visit.ask("POST", BODY);
  await turn();
  first.goaway(0);
  await turn();
  assert.deepEqual(second.streamsOf(FrameType.REQUEST), [1]);
  second.respond(1, "whole");
  assert.equal(asked.outcome, "whole");
});

test("a request that is refused three times fails", async (t) => {
  const visit = new Visit(t);
  const box = await visit.link();
  const asked = visit.ask("GET");
  for (const stream of [1, 3, 5]) {
    await turn();
    assert.equal(asked.outcome, undefined);
    box.reset(stream, Code.REFUSED);
  }
  await turn();
  assert.equal(asked.outcome, "reset");
});

test("a request whose body breaks off fails", async (t) => {
  const visit = new Visit(t);
  const box = await visit.link();
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull: (to) => to.error(new Error("the file has changed")),
  });
  const asked = visit.ask("POST", { kind: "stream", stream });
  await turn();
  assert.equal(asked.outcome, "reset");
  assert.deepEqual(box.streamsOf(FrameType.RESET), [1]);
});

test("the rest of a request that the box needs no more of does not fail its response", async (t) => {
  const visit = new Visit(t);
  const box = await visit.link();
  const asked = visit.ask("POST", { kind: "stream", stream: new ReadableStream() });
  await turn();
  box.respond(1, "enough");
  box.reset(1, Code.NO_ERROR);
  await turn();
  assert.equal(asked.outcome, "whole");
});
