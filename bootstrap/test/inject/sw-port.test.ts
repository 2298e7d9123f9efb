// What a page asks of the Service Worker, and what becomes of that if nobody replies.

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";

type Posted = { message: unknown; port: MessagePort | undefined };

// In Node, with a Service Worker that keeps what it is asked.
async function page(t: TestContext): Promise<{
  askSw: typeof import("../../src/inject/sw-port").askSw;
  posted: Posted[];
}> {
  const posted: Posted[] = [];
  class ServiceWorkerContainer {
    get controller(): unknown {
      const postMessage = (message: unknown, [port]: MessagePort[]): void =>
        void posted.push({ message, port });
      return { postMessage };
    }
  }
  t.mock.timers.enable({ apis: ["setTimeout"] });
  Object.assign(globalThis, { ServiceWorkerContainer });
  const serviceWorker = new ServiceWorkerContainer();
  Object.defineProperty(globalThis, "navigator", { value: { serviceWorker } });
  const { askSw } = await import("../../src/inject/sw-port");
  return { askSw, posted };
}

test("a page asks, and waits no longer than some seconds", async (t) => {
  const { askSw, posted } = await page(t);
  const question = { kind: "coming", url: "http://dog-crab.localhost/" } as const;
  const replied = askSw(question);
  const silent = askSw(question);
  posted[0]?.port?.postMessage("so");
  assert.equal(await replied, "so");
  t.mock.timers.tick(8_000);
  assert.equal(await silent, undefined);
  for (const { port } of posted) port?.close();
});
