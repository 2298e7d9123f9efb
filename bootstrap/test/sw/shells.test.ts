// Shells that the Service Worker knows: each is asked for once, and nothing goes to a port at which nobody
// is any more.

import "./scope-of-tests";
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { PageToSw } from "../../src/messages/sw-page";
import { PAGE_PROTOCOL } from "../../src/messages/sw-page";
import { type Asked, ask } from "../../src/sw/asked";
import type { PortRequest, WorkerReply } from "../../src/messages/sw-worker";
import { PrivateCache } from "../../src/sw/cache/private-cache";
import { bodyOf } from "../../src/sw/response-body";
import { type Shell, Shells } from "../../src/sw/shells";
import { windows } from "./scope-of-tests";

const LOCK = "p2c-shell-1";

function shells(t: TestContext): Shells {
  t.mock.timers.enable({ apis: ["setInterval", "setTimeout"] });
  windows.splice(0);
  return new Shells();
}

class Port {
  readonly posted: unknown[] = [];
  postMessage(message: unknown): void {
    this.posted.push(message);
  }
}

function greet(known: Shells, port: Port): void {
  const hello = { kind: "hello", protocol: PAGE_PROTOCOL, lock: LOCK, port, policy: {} };
  const client = { id: "client", postMessage: () => undefined };
  known.hello(hello as unknown as Extract<PageToSw, { kind: "hello" }>, client as unknown as Client, undefined); // prettier-ignore
}

function asking(shell: Shell): ReturnType<typeof ask> {
  const cookies = { now: () => ({ cookie: "", wrote: 0 }) };
  const asked = { url: "http://dog-crab.localhost/", method: "GET", fields: [], cookies };
  return ask(asked as unknown as Asked, { kind: "none" }, shell);
}

function askingPastTheCache(shell: Shell): ReturnType<typeof ask> {
  const cookies = { now: () => ({ cookie: "", wrote: 0 }) };
  const asked = { url: "http://dog-crab.localhost/", method: "GET", fields: [], cookies };
  const given = { ...asked, cache: "no-store" } as unknown as Asked;
  return new PrivateCache().ask(given, { kind: "none" }, shell);
}

test("requests that come together ask for a shell once", async (t) => {
  const known = shells(t);
  const window = new Port();
  windows.push(window);
  const found = [known.of("a"), known.of("b")];
  await turn();
  assert.equal(window.posted.length, 1);
  greet(known, new Port());
  assert.equal((await Promise.all(found)).filter((shell) => shell?.lock === LOCK).length, 2);
});

test("a shell that does not come is asked for again by the next request", async (t) => {
  const known = shells(t);
  const window = new Port();
  windows.push(window);
  const found = known.of("a");
  await turn();
  t.mock.timers.tick(8_000);
  assert.equal(await found, undefined);
  void known.of("b");
  await turn();
  assert.equal(window.posted.length, 2);
});

test("a request that is made ready while its shell greets anew goes to the new port", async (t) => {
  const known = shells(t);
  const [old, next] = [new Port(), new Port()];
  greet(known, old);
  const shell = (await known.of("client")) ?? assert.fail();
  greet(known, next);
  asking(shell).port.close();
  assert.deepEqual([old.posted.length, next.posted.length], [0, 1]);
});

test("a request to a shell that has died meanwhile is lost, and does not wait for it", async (t) => {
  const known = shells(t);
  greet(known, new Port());
  const shell = (await known.of("client")) ?? assert.fail();
  known.remove(LOCK);
  const { reply, port } = asking(shell);
  port.close();
  assert.deepEqual(await reply, { kind: "error", error: "lost" });
});

// A response whose head has come, and some of its body; the shell then greets anew.
async function responded(
  t: TestContext,
  replies: WorkerReply[],
): Promise<{
  known: Shells;
  shell: Shell;
  body: () => Promise<ReadableStreamReadResult<unknown>[]>;
}> {
  const known = shells(t);
  const first = new Port();
  greet(known, first);
  const shell = (await known.of("client")) ?? assert.fail();
  const pending = askingPastTheCache(shell);
  await turn();
  const { reply } = first.posted[0] as PortRequest;
  for (const said of [HEAD, ...replies]) reply.postMessage(said);
  assert.equal((await pending.reply).kind, "head");
  await turn();
  greet(known, new Port());
  t.after(() => pending.port.close());
  const body = async (): Promise<ReadableStreamReadResult<unknown>[]> => {
    const reader = bodyOf(pending.port, shell).getReader();
    const reads = [reader.read(), reader.read()];
    const soon = turn()
      .then(turn)
      .then(() => assert.fail("the body has no end"));
    return Promise.race([Promise.all(reads), soon]);
  };
  return { known, shell, body };
}

const HEAD = { kind: "head", status: 200, end: false } as WorkerReply;
const PIECE = { kind: "data", bytes: Uint8Array.of(1) } as WorkerReply;

test("a body that nobody reads yet breaks off if its shell greets anew", async (t) => {
  const { body, shell } = await responded(t, [PIECE]);
  const [piece, rest] = await body();
  assert.deepEqual(piece?.value, Uint8Array.of(1));
  assert.equal(typeof rest?.value, "string"); // what is no bytes is a fault of the response
  assert.equal(shell.onDeath.size, 0);
});

test("a body that has come whole is whole, though its shell greets anew", async (t) => {
  const { body, shell } = await responded(t, [PIECE, { kind: "end" }]);
  const [piece, end] = await body();
  assert.deepEqual([piece?.value, end?.done], [Uint8Array.of(1), true]);
  assert.equal(shell.onDeath.size, 0);
});

test("a response that nobody wants keeps no shell awake", async (t) => {
  const known = shells(t);
  const first = new Port();
  greet(known, first);
  const shell = (await known.of("client")) ?? assert.fail();
  const pending = askingPastTheCache(shell);
  await turn();
  (first.posted[0] as PortRequest).reply.postMessage(HEAD);
  await pending.reply;
  pending.port.postMessage({ kind: "cancel" });
  assert.equal(shell.onDeath.size, 0);
  pending.port.close();
});

async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
