// A body on its way to the Service Worker of who asked, in pieces over a port, as a channel worker sends
// one. A stream that was given away itself is whole, in one browser (Firefox), where one of its realms goes.

import type { SwToWorker, WorkerReply } from "../messages/sw-worker";

// Sent, and not read yet. Beyond it nothing more is taken out of the body.
const AHEAD_BYTES = 1_048_576;

const nothing = (): void => undefined;

/** The end on which it comes, for a `ReplyPort`. over: all has come, or no more will. */
export function poured(body: ReadableStream<unknown>, over = nothing): MessagePort {
  const { port1, port2 } = new MessageChannel();
  const reader = body.getReader();
  let aheadBytes = 0;
  let room = nothing;
  const send = (reply: WorkerReply, ...given: Transferable[]): void =>
    port1.postMessage(reply, given);
  const run = async (): Promise<void> => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      // An app's own stream may hold anything.
      if (!(value instanceof Uint8Array)) throw new TypeError("a piece that is no bytes");
      const bytes = value as Uint8Array<ArrayBuffer>;
      aheadBytes += bytes.length;
      send({ kind: "data", bytes }, bytes.buffer);
      while (aheadBytes >= AHEAD_BYTES) await new Promise<void>((resolve) => (room = resolve));
    }
    send({ kind: "end" });
  };
  port1.onmessage = ({ data }: MessageEvent<SwToWorker>) => {
    if (data.kind === "read") aheadBytes -= data.bytes;
    else void reader.cancel().catch(() => undefined);
    room();
  };
  run()
    .catch(() => send({ kind: "error", error: "reset" }))
    .finally(over);
  return port2;
}
