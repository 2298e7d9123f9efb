// The body of a response as a stream that is filled as it is read: backpressure reaches the box.

import type { ReplyPort, SwToWorker, WorkerReply } from "../messages/sw-worker";
type Piece = Uint8Array<ArrayBuffer>;

/** What comes on a port for as long as its shell lives. whole: called with its length, if it came whole. */
export function bodyOf(
  port: ReplyPort,
  shell: { onDeath: Set<() => void> },
  whole?: (bytes: number) => void,
): ReadableStream<Piece> {
  const body = new ResponseBody(port, () => shell.onDeath.delete(failed), whole);
  const failed = (): void => body.fail();
  shell.onDeath.add(failed);
  return body.stream;
}

/** Pieces that a worker posts, until the page pulls them. Bounded by the stream's window at the box. */
export class ResponseBody {
  readonly stream: ReadableStream<Piece>;
  private readonly pieces: Piece[] = [];
  private controller: ReadableStreamDefaultController<Piece> | undefined;
  private wanted: (() => void) | undefined;
  private ended = false;
  private cut = false; // what has come is all that there will be
  private broken = false;
  private givenBytes = 0;

  /** over: the body has ended, broken, or is no longer wanted. Called once. */
  constructor(
    private readonly port: ReplyPort,
    private readonly over: () => void,
    private readonly whole?: (bytes: number) => void,
  ) {
    const source = {
      start: (controller: NonNullable<typeof this.controller>): void => {
        this.controller = controller;
      },
      pull: () => this.pull(),
      cancel: () => this.cancel(),
    };
    this.stream = new ReadableStream<Piece>(source, { highWaterMark: 0 });
    port.onmessage = ({ data }) => this.receive(data);
  }

  /** Nothing more comes: the shell is gone. */
  fail(): void {
    if (this.broken || this.ended) return;
    this.broken = true;
    // Not error(): one browser calls that an abort of the page's own. What is no bytes is a fault of
    // the response to all of them.
    this.controller?.enqueue("the connection to the box was lost" as never);
    this.finish();
  }

  private receive(message: WorkerReply): void {
    switch (message.kind) {
      case "data":
        this.pieces.push(message.bytes);
        break;
      case "end":
        this.ended = true;
        break;
      case "error":
        this.cut = true;
        if (this.wanted || !this.pieces.length) this.fail();
        return;
      case "head":
      case "stale":
        return;
      default:
        message satisfies never;
    }
    this.serve();
  }

  // Resolves once something was enqueued: the stream asks again only then.
  private pull(): Promise<void> | undefined {
    if (this.pieces.length || this.ended) {
      this.deliver();
      return undefined;
    }
    if (this.cut) {
      this.fail();
      return undefined;
    }
    return new Promise((resolve) => {
      this.wanted = resolve;
    });
  }

  private serve(): void {
    if (!this.wanted && !this.ended) return;
    if (this.wanted || !this.pieces.length) this.deliver();
    this.wanted?.();
    this.wanted = undefined;
  }

  private deliver(): void {
    const piece = this.pieces.shift();
    if (piece) {
      // The piece is given away: its length is gone with it.
      const bytes = piece.length;
      this.givenBytes += bytes;
      this.controller?.enqueue(piece);
      this.port.postMessage({ kind: "read", bytes } satisfies SwToWorker);
    }
    if (this.ended && !this.pieces.length) this.end();
  }

  private end(): void {
    if (this.broken) return;
    this.broken = true;
    this.whole?.(this.givenBytes);
    this.controller?.close();
    this.finish();
  }

  private cancel(): void {
    if (this.broken) return;
    this.broken = true;
    this.port.postMessage({ kind: "cancel" } satisfies SwToWorker);
    this.finish();
  }

  private finish(): void {
    this.pieces.length = 0;
    this.port.onmessage = null;
    this.port.close();
    this.over();
  }
}
