// The way of a body, seen by the cache: one that is kept while a page reads it, and one that comes
// out of the cache as if a worker sent it.

import type { ReplyPort, SwToWorker, WorkerReply } from "../../messages/sw-worker";

type Bytes = Uint8Array<ArrayBuffer>;

/** The largest body that is kept. */
export const MOST_BODY_BYTES = 8 * 2 ** 20;
// Of all bodies that are on their way. What comes beyond is not kept.
const MOST_COMING_BYTES = 32 * 2 ** 20;
let comingBytes = 0;

/** A body that is on its way to a page, and into the cache if it comes whole. */
export class Recording {
  private pieces: Bytes[] | undefined = [];
  private size = 0;

  /** over: called once, with the body if it has come whole. */
  constructor(private readonly over: (body: Bytes | undefined) => void) {}

  /** Not to be kept, whatever comes: it was invalidated, or nobody reads it to its end. */
  drop(): void {
    if (this.pieces) this.end(undefined);
  }

  record(reply: WorkerReply): void {
    if (reply.kind === "error") this.drop();
    if (!this.pieces) return;
    if (reply.kind === "data") {
      const { length } = reply.bytes;
      if (this.size + length > MOST_BODY_BYTES || comingBytes + length > MOST_COMING_BYTES) {
        this.drop();
        return;
      }
      this.size += length;
      comingBytes += length;
      this.pieces.push(reply.bytes.slice()); // the page is given the piece itself
    } else if (reply.kind === "end") {
      this.end(join(this.pieces, this.size));
    }
  }

  private end(body: Bytes | undefined): void {
    comingBytes -= this.size;
    this.pieces = undefined;
    this.over(body);
  }
}

/** `port`, which `recording` listens to as well. */
export function recorded(port: ReplyPort, recording: Recording): ReplyPort {
  const page = new PagePort(
    (message) => {
      if (message.kind === "cancel") recording.drop();
      port.postMessage(message);
    },
    () => port.close(),
  );
  port.onmessage = ({ data }) => {
    recording.record(data);
    page.post(data);
  };
  return page;
}

/** A body that is at hand. It is given away. */
export function replayed(body: Bytes): ReplyPort {
  const page = new PagePort(
    () => undefined,
    () => undefined,
  );
  page.post({ kind: "data", bytes: body });
  page.post({ kind: "end" });
  return page;
}

/** A body that comes from elsewhere. */
export function streamed(body: ReadableStream<Bytes> | null): ReplyPort {
  const reader = body?.getReader();
  const page = new PagePort(
    (message) => {
      if (message.kind === "cancel") void reader?.cancel().catch(() => undefined);
    },
    () => undefined,
  );
  const read = async (): Promise<void> => {
    for (;;) {
      const piece = await reader?.read();
      if (!piece || piece.done) break;
      page.post({ kind: "data", bytes: piece.value });
    }
    page.post({ kind: "end" });
  };
  read().catch(() => page.post({ kind: "error", error: "reset" }));
  return page;
}

/** Reads a body that no page wants, as fast as it comes. */
export function drain(port: ReplyPort): void {
  port.onmessage = ({ data }) => {
    if (data.kind === "data") port.postMessage({ kind: "read", bytes: data.bytes.length });
    else if (data.kind !== "head") port.close();
  };
}

// Replies wait until somebody listens.
class PagePort implements ReplyPort {
  private readonly waiting: WorkerReply[] = [];
  private listener: ReplyPort["onmessage"] = null;

  constructor(
    readonly postMessage: (message: SwToWorker) => void,
    readonly close: () => void,
  ) {}

  get onmessage(): ReplyPort["onmessage"] {
    return this.listener;
  }

  set onmessage(listener: ReplyPort["onmessage"]) {
    this.listener = listener;
    // Not at once: whoever sets it may not be ready for it yet.
    if (listener) queueMicrotask(() => this.flush());
  }

  post(reply: WorkerReply): void {
    this.waiting.push(reply);
    this.flush();
  }

  private flush(): void {
    while (this.listener) {
      const data = this.waiting.shift();
      if (!data) return;
      this.listener(new MessageEvent("message", { data }));
    }
  }
}

function join(pieces: Bytes[], size: number): Bytes {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
