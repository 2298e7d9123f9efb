// Which kept response fits a request, and what a body on its way leaves in the cache.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { ReplyPort, SwToWorker, WorkerReply } from "../../../src/messages/sw-worker";
import { MOST_BODY_BYTES, Recording, recorded, replayed } from "../../../src/sw/cache/ports";
import {
  conditional,
  isConditional,
  isVariant,
  partOf,
  refreshed,
  variantOf,
} from "../../../src/sw/cache/selection";

test("a response fits requests whose fields are those it depends on", () => {
  const variant = variantOf(
    [
      ["cookie", "a=1"],
      ["accept", "x"],
    ],
    [["vary", "Cookie, Accept-Encoding"]],
  );
  assert.equal(
    isVariant(variant, [
      ["cookie", "a=1"],
      ["accept", "y"],
    ]),
    true,
  );
  assert.equal(isVariant(variant, [["cookie", "a=2"]]), false);
  assert.equal(isVariant(variant, []), false);
});

test("both validators are sent, and no question without one", () => {
  const question = conditional(
    [["a", "b"]],
    [
      ["etag", '"x"'],
      ["last-modified", "then"],
    ],
  );
  assert.deepEqual(question?.slice(1), [
    ["if-none-match", '"x"'],
    ["if-modified-since", "then"],
  ]);
  assert.equal(conditional([], []), undefined);
  assert.ok(
    ["if-none-match", "if-match", "if-range", "if-unmodified-since"].every((name) =>
      isConditional([[name, "x"]]),
    ),
  );
});

test("a 304 replaces what it names, save what the body is made of, and keeps no cookie", () => {
  const before: [string, string][] = [
    ["x", "1"],
    ["x", "2"],
    ["content-length", "5"],
    ["etag", "a"],
  ];
  const news: [string, string][] = [
    ["x", "3"],
    ["content-length", "0"],
    ["etag", "b"],
    ["set-cookie", "c=1"],
  ];
  assert.deepEqual(refreshed(before, news), [
    ["content-length", "5"],
    ["etag", "a"],
    ["x", "3"],
  ]);
});

test("a part of a whole is cut as the request says", () => {
  const part = (range: string) => partOf([["range", range]], 10);
  assert.deepEqual(part("bytes=0-3"), [0, 4]);
  assert.deepEqual(part("bytes=4-"), [4, 10]);
  assert.deepEqual(part("bytes=-3"), [7, 10]);
  assert.deepEqual(part("bytes=-30"), [0, 10]);
  for (const range of [
    "bytes=10-",
    "bytes=5-4",
    "bytes=0-1,3-4",
    "bytes=-",
    "bytes=-0",
    "lines=1-2",
  ]) {
    assert.equal(part(range), undefined, range);
  }
});

class Port implements ReplyPort {
  onmessage: ReplyPort["onmessage"] = null;
  readonly sent: SwToWorker[] = [];
  postMessage(message: SwToWorker): void {
    this.sent.push(message);
  }
  close(): void {}
  send(data: WorkerReply): void {
    this.onmessage?.(new MessageEvent("message", { data }));
  }
}

function data(size: number): WorkerReply {
  return { kind: "data", bytes: new Uint8Array(size).fill(7) };
}

test("a body that comes whole is kept, and the page gets each piece", async () => {
  const port = new Port();
  const whole: (number | undefined)[] = [];
  const page = recorded(port, new Recording((body) => whole.push(body?.length)));
  port.send(data(3)); // before anybody listens
  const seen: string[] = [];
  page.onmessage = ({ data: reply }) => seen.push(reply.kind);
  await Promise.resolve();
  port.send(data(4));
  port.send({ kind: "end" });
  assert.deepEqual([seen, whole], [["data", "data", "end"], [7]]);
});

for (const [how, end] of [
  ["breaks off", (port: Port) => port.send({ kind: "error", error: "reset" })],
  ["is given up", (_: Port, page: ReplyPort) => page.postMessage({ kind: "cancel" })],
  ["grows too large", (port: Port) => port.send(data(MOST_BODY_BYTES))],
] as const) {
  test(`a body that ${how} is not kept`, () => {
    const port = new Port();
    const whole: unknown[] = [];
    const page = recorded(port, new Recording((body) => whole.push(body)));
    port.send(data(1));
    end(port, page);
    port.send({ kind: "end" });
    assert.deepEqual(whole, [undefined]);
  });
}

test("a body out of the cache comes as from a worker", async () => {
  const seen: WorkerReply[] = [];
  replayed(new Uint8Array([1, 2])).onmessage = ({ data: reply }) => seen.push(reply);
  await Promise.resolve();
  assert.deepEqual(seen, [{ kind: "data", bytes: new Uint8Array([1, 2]) }, { kind: "end" }]);
});
