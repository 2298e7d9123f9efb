// Waits for what the pages of other tabs have written.

import type { CountRequest, WorkerReply } from "../../messages/sw-worker";
import type { Shell } from "../shells";
import type { Cookies } from "./cookies";

// A worker replies at once, unless it is gone.
const COUNT_MS = 300;

/** Resolves once everything is read that the pages of these shells have written by now. */
export async function settle(cookies: Cookies, shells: Shell[]): Promise<void> {
  await Promise.all(
    shells.map(async ({ port, lock }) => cookies.after(lock, (await countAt(port)) ?? 0)),
  );
}

function countAt(port: MessagePort): Promise<number | undefined> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    const over = (count: number | undefined): void => {
      port1.close();
      resolve(count);
    };
    port1.onmessage = ({ data }: MessageEvent<WorkerReply>) =>
      over(data.kind === "stale" ? data.wrote : undefined);
    setTimeout(over, COUNT_MS, undefined);
    port.postMessage({ reply: port2 } satisfies CountRequest, [port2]);
  });
}
