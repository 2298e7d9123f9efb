// Posts one response to the Service Worker: its body in larger pieces than frames are.

import type { ReplyError, SwToWorker, WorkerReply } from "../messages/sw-worker";
import type { ResponseHead } from "../wire/heads";

// Larger pieces gained nothing when measured, smaller ones cost a third.
const PIECE_BYTES = 65_536;

// The beginning of a body goes at once. Later bytes are gathered for so long, or until a piece is full:
// each piece costs three realms one message.
const BULK_BYTES = 262_144;
const GATHER_MS = 4;

export interface ReplyOwner {
  /** The page has read so many bytes. */
  read(bytes: number): void;
  cancelled(): void;
}

export class Reply {
  private parts: Uint8Array[] = [];
  private waitingBytes = 0;
  private postedBytes = 0;
  private gathering: ReturnType<typeof setTimeout> | undefined;
  private ended = false;

  constructor(
    private readonly port: MessagePort,
    private readonly owner: ReplyOwner,
  ) {
    port.onmessage = (event: MessageEvent<SwToWorker>) => this.receive(event.data);
  }

  head(head: ResponseHead, end: boolean, decoded: boolean): void {
    this.post({ kind: "head", ...head, end, decoded });
    if (end) this.close();
  }

  /** `bytes` may be a view of a larger buffer: they are copied when they go. */
  data(bytes: Uint8Array, end: boolean): void {
    this.parts.push(bytes);
    this.waitingBytes += bytes.length;
    this.ended ||= end;
    this.flush();
  }

  end(): void {
    this.ended = true;
    this.flush();
  }

  /** Nothing more comes, whether or not something has been posted already. */
  error(error: ReplyError): void {
    try {
      if (this.waitingBytes) this.piece(this.waitingBytes);
    } finally {
      this.post({ kind: "error", error });
      this.close();
    }
  }

  close(): void {
    clearTimeout(this.gathering);
    this.port.onmessage = null;
    this.port.close();
    this.parts = [];
    this.waitingBytes = 0;
  }

  private receive(message: SwToWorker): void {
    switch (message.kind) {
      case "read":
        this.owner.read(message.bytes);
        return;
      case "cancel":
        this.close();
        this.owner.cancelled();
        return;
      case "cookie":
        return; // only comes before this reply began
      default:
        message satisfies never;
    }
  }

  private flush(): void {
    while (this.waitingBytes >= PIECE_BYTES) this.piece(PIECE_BYTES);
    if (this.waitingBytes && !this.ended && this.postedBytes >= BULK_BYTES) {
      this.gathering ??= setTimeout(() => {
        this.gathering = undefined;
        if (this.waitingBytes) this.piece(this.waitingBytes);
      }, GATHER_MS);
      return;
    }
    if (this.waitingBytes) this.piece(this.waitingBytes);
    if (this.ended) {
      this.post({ kind: "end" });
      this.close();
    }
  }

  private piece(size: number): void {
    const bytes = new Uint8Array(size);
    let filled = 0;
    while (filled < size) {
      const part = this.parts[0];
      if (!part) break;
      const fits = part.subarray(0, size - filled);
      bytes.set(fits, filled);
      filled += fits.length;
      if (fits.length === part.length) this.parts.shift();
      else this.parts[0] = part.subarray(fits.length);
    }
    this.waitingBytes -= size;
    this.postedBytes += size;
    this.port.postMessage({ kind: "data", bytes } satisfies WorkerReply, [bytes.buffer]);
  }

  private post(reply: WorkerReply): void {
    this.port.postMessage(reply);
  }
}
