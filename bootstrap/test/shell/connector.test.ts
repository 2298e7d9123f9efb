// When a box that is away is asked for again, and when requests stop waiting for it.

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Code } from "../../src/wire/codes";
import type { LinkNews } from "../../src/messages/worker-shell";
import type { AttemptOwner } from "../../src/shell/attempt";
import type { Beginning } from "../../src/shell/beginning";
import { Connector, type ConnectorOwner } from "../../src/shell/connector";
import type { Refusal } from "../../src/shell/trust";

const RETRY_S = 5;
const RETURNS_MS = 30_000;
const BACKOFF_MOST_MS = 5_000;
const AWAY: Refusal = { kind: "coordinator", code: "box-offline", retryS: RETRY_S };
const CROWDED: Refusal = { kind: "coordinator", code: "rate-limited", retryS: RETRY_S };

// A connector whose attempts the test brings to an end, on a clock that it moves.
class Scene {
  readonly attempts: AttemptOwner[] = [];
  readonly posted: string[] = [];
  private nowMs = 100_000;
  private readonly connector: Connector;

  constructor(private readonly t: TestContext) {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    t.mock.method(performance, "now", () => this.nowMs);
    const beginning = {
      target: {},
      worker: { postMessage: ({ kind }: { kind: string }) => this.posted.push(kind) },
      attempt: (_id: number, owner: AttemptOwner) => {
        this.attempts.push(owner);
        return { opened: () => undefined, stop: () => undefined };
      },
    };
    const owner = { moved: () => undefined, refused: () => RETRY_S, fruitless: () => undefined };
    this.connector = new Connector(
      beginning as unknown as Beginning,
      owner as unknown as ConnectorOwner,
    );
    this.connector.start();
  }

  pass(ms: number): void {
    this.nowMs += ms;
    this.t.mock.timers.tick(ms);
  }

  /** The newest attempt opens its link. */
  open(): void {
    const attempt = this.attempts.at(-1);
    attempt?.introduced();
    attempt?.answered();
    this.connector.receive({ kind: "open", link: this.attempts.length });
  }

  /** The box drains that link, and the next attempt begins. */
  drain(): void {
    this.connector.receive({ kind: "goaway", link: this.attempts.length, code: Code.SHUTDOWN });
    this.pass(200);
  }

  receive(news: LinkNews): void {
    this.connector.receive(news);
  }

  refuse(refusal: Refusal): void {
    this.attempts.at(-1)?.refused(refusal);
  }

  get gaveUp(): boolean {
    return this.posted.includes("give-up");
  }
}

test("a box that was there a moment ago is asked for once per second, and requests wait", (t) => {
  const scene = new Scene(t);
  scene.open();
  scene.drain();
  for (let asked = 2; asked < 12; asked += 1) {
    assert.equal(scene.attempts.length, asked);
    scene.refuse(AWAY);
    scene.pass(499);
    assert.equal(scene.attempts.length, asked);
    scene.pass(501);
  }
  assert.equal(scene.gaveUp, false);
});

test("requests stop waiting for a box that does not come back", (t) => {
  const scene = new Scene(t);
  scene.open();
  scene.drain();
  scene.pass(RETURNS_MS);
  scene.refuse(AWAY);
  assert.ok(scene.gaveUp);
  scene.pass(RETRY_S * 1_000 - 1);
  assert.equal(scene.attempts.length, 2);
  scene.pass(1);
  assert.equal(scene.attempts.length, 3);
});

test("nothing waits for a box that this page has never reached", (t) => {
  const scene = new Scene(t);
  scene.refuse(AWAY);
  assert.ok(scene.gaveUp);
  scene.pass(RETRY_S * 1_000 - 1);
  assert.equal(scene.attempts.length, 1);
});

test("a coordinator with too many visits is not asked sooner than it says", (t) => {
  const scene = new Scene(t);
  scene.open();
  scene.drain();
  scene.refuse(CROWDED);
  assert.equal(scene.gaveUp, false);
  scene.pass(RETRY_S * 1_000 - 1);
  assert.equal(scene.attempts.length, 2);
});

test("a link that goes away before it is reported as open is followed by another", (t) => {
  const scene = new Scene(t);
  scene.drain();
  scene.pass(BACKOFF_MOST_MS);
  assert.equal(scene.attempts.length, 2);
  scene.open();
  scene.drain();
  scene.pass(BACKOFF_MOST_MS);
  assert.equal(scene.attempts.length, 3);
});

test("a silent link that is well again is used in place of the one that is open by then", (t) => {
  const scene = new Scene(t);
  scene.open();
  scene.receive({ kind: "suspect", link: 1 });
  scene.open();
  scene.receive({ kind: "fine", link: 1 });
  scene.pass(RETURNS_MS);
  assert.equal(scene.attempts.length, 2);
  scene.receive({ kind: "lost", link: 1, code: Code.TIMEOUT, reason: "" });
  scene.pass(BACKOFF_MOST_MS);
  assert.equal(scene.attempts.length, 3);
});
