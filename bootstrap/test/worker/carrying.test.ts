// A link that is to carry on the session of a lost one: whatever the box says to that, requests go over a
// link that is open.

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Code } from "../../src/wire/codes";
import { FrameType } from "../../src/wire/frame";
import { Room } from "../../src/wire/room";
import { PathWatch } from "../../src/worker/path-watch";
import { type Asked, type BoxEnd, Visit, turn } from "./visit";

const PART = { PathWatch, Room };

// A link that was cut under a request, and the next one, which is to carry its session on.
async function cut(t: TestContext): Promise<{ visit: Visit; next: BoxEnd; asked: Asked }> {
  const visit = new Visit(t);
  const first = await visit.link();
  visit.links[0]?.watch(PART);
  const asked = visit.ask("GET");
  await turn();
  first.onclose?.();
  const next = await visit.link();
  assert.deepEqual(next.streamsOf(FrameType.REQUEST), []);
  return { visit, next, asked };
}

test("a session goes on over the next link, and what the box has not received is sent again", async (t) => {
  const { next, asked } = await cut(t);
  next.resumed(1);
  await turn();
  assert.deepEqual(next.streamsOf(FrameType.REQUEST), [1]);
  next.respond(1, "whole");
  assert.equal(asked.outcome, "whole");
});

test("a box that knows no such session is asked again", async (t) => {
  const { next, asked } = await cut(t);
  next.resumed(undefined);
  await turn();
  assert.deepEqual(next.streamsOf(FrameType.REQUEST), [1]);
  next.respond(1, "whole");
  assert.equal(asked.outcome, "whole");
});

test("a session of which the box claims to have what was never sent ends, and nothing waits for it", async (t) => {
  const { visit, next, asked } = await cut(t);
  next.resumed(1_000);
  await turn();
  assert.deepEqual(visit.losses, [Code.PROTOCOL]);
  const third = await visit.link();
  await turn();
  third.respond(1, "whole");
  assert.equal(asked.outcome, "whole");
});
