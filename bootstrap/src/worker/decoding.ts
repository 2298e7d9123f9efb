// Decodes a coded body on its way to the page, for no browser decodes the response of a Service Worker.
// Here is how fast; what undoes each coding is decoders/stage.

import type { Fields } from "../wire/heads";
import type { Coding, Piece } from "./decoders/decoder";
import { later } from "./later";

// Decoded, and not read by the page yet: beyond it nothing more is decoded.
const AHEAD_BYTES = 262_144;
const CODINGS: readonly string[] = ["gzip", "deflate", "br", "zstd"] satisfies Coding[];

export interface DecodingOwner {
  /** So many bytes of the coded body are not held any more. */
  decoded(bytes: number): void;
  piece(bytes: Piece): void;
  end(): void;
  /** It cannot be decoded. */
  undecodable(): void;
}

/** In the order in which they were applied; none: the body goes to the page as it is. */
export function codingsOf(fields: Fields): Coding[] {
  const names = fields
    .filter(([name]) => name === "content-encoding")
    .flatMap(([, value]) => value.toLowerCase().split(","))
    .map((name) => name.trim().replace(/^x-gzip$/, "gzip"))
    .filter((name) => name !== "" && name !== "identity");
  // With one that they do not know browsers decode none of them.
  return names.every(isCoding) ? names : [];
}

function isCoding(name: string): name is Coding {
  return CODINGS.includes(name);
}

export class Decoding {
  private readonly pieces: Piece[] = [];
  private reader: ReadableStreamDefaultReader<Piece> | undefined;
  private ended = false;
  private stopped = false;
  private arrived: (() => void) | undefined;
  private room: (() => void) | undefined;
  private aheadBytes = 0;

  constructor(
    codings: Coding[],
    private readonly owner: DecodingOwner,
  ) {
    this.run(codings).catch(() => {
      if (!this.stopped) this.owner.undecodable();
    });
  }

  /** `bytes` may be a view of a larger buffer. */
  push(bytes: Uint8Array, end: boolean): void {
    if (bytes.length) this.pieces.push(bytes.slice());
    this.ended ||= end;
    this.arrived?.();
  }

  /** The page has read so many of the decoded bytes. */
  read(bytes: number): void {
    this.aheadBytes -= bytes;
    if (this.aheadBytes < AHEAD_BYTES) this.room?.();
  }

  stop(): void {
    this.stopped = true;
    this.room?.();
    this.reader?.cancel().catch(() => undefined);
  }

  private async feed(to: ReadableStreamDefaultController<Piece>): Promise<void> {
    while (!this.pieces.length && !this.ended) {
      await new Promise<void>((resolve) => (this.arrived = resolve));
    }
    const piece = this.pieces.shift();
    if (piece) {
      this.owner.decoded(piece.length);
      to.enqueue(piece);
    } else to.close();
  }

  private async run(codings: Coding[]): Promise<void> {
    const { stage } = await later.part();
    const source = new ReadableStream<Piece>({ pull: (to) => this.feed(to) }, { highWaterMark: 0 });
    const decoded = codings.reduceRight((stream, name) => stream.pipeThrough(stage(name)), source);
    const reader = (this.reader = decoded.getReader());
    while (!this.stopped) {
      const { done, value } = await reader.read();
      if (this.stopped) return;
      if (done) {
        this.owner.end();
        return;
      }
      this.aheadBytes += value.length;
      this.owner.piece(value);
      while (this.aheadBytes >= AHEAD_BYTES && !this.stopped) {
        await new Promise<void>((resolve) => (this.room = resolve));
      }
    }
  }
}
