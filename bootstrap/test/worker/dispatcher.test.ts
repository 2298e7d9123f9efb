// Which link a request goes over, where several are open, and for how long it waits where none is.

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Dispatcher } from "../../src/worker/dispatcher";
import type { Exchange } from "../../src/worker/exchange";
import type { Link } from "../../src/worker/link";

mock.timers.enable({ apis: ["setTimeout"] });

const link = (): Link => ({ room: 10, openStreams: 0 }) as unknown as Link;

// Where each request went.
function asking(dispatcher: Dispatcher): (Link | undefined)[] {
  const went: (Link | undefined)[] = [];
  const start = (over: Link): void => void went.push(over);
  dispatcher.add({ urgency: 0, heldBytes: 1, start, patient: false, fail: () => went.push(undefined) } as unknown as Exchange); // prettier-ignore
  return went;
}

test("of two attempts that open at once the first carries the requests", () => {
  const dispatcher = new Dispatcher();
  const [first, second] = [link(), link()];
  dispatcher.use(first);
  dispatcher.use(second);
  assert.deepEqual(asking(dispatcher), [first]);
});

test("when the shell drops the later one, requests still go over the first", () => {
  const dispatcher = new Dispatcher();
  const [first, second] = [link(), link()];
  dispatcher.use(first);
  dispatcher.use(second);
  dispatcher.leave(second);
  assert.deepEqual(asking(dispatcher), [first]);
});

test("what waits goes over the other one once the first is left", () => {
  const dispatcher = new Dispatcher();
  const [first, second] = [{ ...link(), room: 0 } as Link, link()];
  dispatcher.use(first);
  dispatcher.use(second);
  const went = asking(dispatcher);
  assert.deepEqual(went, []);
  dispatcher.leave(first);
  assert.deepEqual(went, [second]);
});

test("a request waits 15 s for a link, and as long after one has been drained", (t) => {
  let nowMs = 0;
  t.mock.method(performance, "now", () => nowMs);
  const pass = (ms: number): void => {
    nowMs += ms;
    mock.timers.tick(ms);
  };
  const dispatcher = new Dispatcher();
  const drained = link();
  dispatcher.use(drained);
  dispatcher.leave(drained); // GOAWAY
  const waits = asking(dispatcher);
  pass(10_000);
  dispatcher.leave(drained); // it has ended
  pass(14_000);
  assert.deepEqual(waits, []);
  const late = link();
  dispatcher.use(late);
  assert.deepEqual(waits, [late]);
  dispatcher.leave(late);
  const never = asking(dispatcher);
  pass(15_000);
  assert.deepEqual(never, [undefined]);
});
