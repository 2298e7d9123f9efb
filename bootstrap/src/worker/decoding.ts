// Decodes a coded body on its way to the page, for no browser decodes the response of a Service Worker.
// The browser's own DecompressionStream does it. If there is none for the coding, or it rejects a body
// that the browser would accept from the network, a decoder of ours is loaded and does it.

import { loadPart } from "../messages/part";
import type { Fields } from "../wire/heads";
import type { DecoderModule, Decode, Piece } from "./decoders/decoder";

type Coding = "gzip" | "deflate" | "br" | "zstd";

// What the build puts in place of it.
declare const __DECODER_URLS__: Readonly<Record<Coding, string>>;

// Decoded, and not read by the page yet: beyond it nothing more is decoded.
const AHEAD_BYTES = 262_144;
// How much of a coded body is kept, to begin anew with another decoder. Beyond it a fault is final.
const KEPT_BYTES = 4_194_304;

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
  return Object.hasOwn(__DECODER_URLS__, name);
}

export class Decoding {
  private readonly pieces: Piece[] = [];
  private readonly reader: ReadableStreamDefaultReader<Piece>;
  private ended = false;
  private stopped = false;
  private arrived: (() => void) | undefined;
  private room: (() => void) | undefined;
  private aheadBytes = 0;

  constructor(
    codings: Coding[],
    private readonly owner: DecodingOwner,
  ) {
    const source = new ReadableStream<Piece>({ pull: (to) => this.feed(to) }, { highWaterMark: 0 });
    const decoded = codings.reduceRight((stream, name) => stream.pipeThrough(stage(name)), source);
    this.reader = decoded.getReader();
    this.run().catch(() => {
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
    this.reader.cancel().catch(() => undefined);
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

  private async run(): Promise<void> {
    for (;;) {
      const { done, value } = await this.reader.read();
      if (this.stopped) return;
      if (done) break;
      this.aheadBytes += value.length;
      this.owner.piece(value);
      while (this.aheadBytes >= AHEAD_BYTES && !this.stopped) {
        await new Promise<void>((resolve) => (this.room = resolve));
      }
    }
    this.owner.end();
  }
}

function stage(coding: Coding): TransformStream<Piece, Piece> {
  let native: DecompressionStream;
  try {
    native = new DecompressionStream((coding === "br" ? "brotli" : coding) as CompressionFormat);
  } catch {
    return byScript(coding);
  }
  return new TransformStream(new Forgiving(coding, native));
}

function byScript(coding: Coding): TransformStream<Piece, Piece> {
  let decode: Decode | undefined;
  return new TransformStream({
    async transform(piece, to) {
      decode ??= await load(coding);
      for (const bytes of decode(piece)) to.enqueue(bytes);
    },
  });
}

async function load(coding: Coding): Promise<Decode> {
  return (await loadPart<DecoderModule>(__DECODER_URLS__[coding])).decoder(coding);
}

// Uses the browser's own decoder until that fails, then ours, from the beginning of the body.
class Forgiving implements Transformer<Piece, Piece> {
  private readonly writer: WritableStreamDefaultWriter<Piece>;
  private kept: Piece[] | undefined = [];
  private keptBytes = 0;
  private passedBytes = 0;
  private decode: Decode | undefined;
  private reading: Promise<boolean> = Promise.resolve(false);

  constructor(
    private readonly coding: Coding,
    private readonly native: DecompressionStream,
  ) {
    this.writer = native.writable.getWriter() as WritableStreamDefaultWriter<Piece>;
    this.writer.closed.catch(() => undefined);
  }

  start(to: TransformStreamDefaultController<Piece>): void {
    this.reading = this.passOn(to);
  }

  async transform(piece: Piece, to: TransformStreamDefaultController<Piece>): Promise<void> {
    if (this.decode) {
      for (const bytes of this.decode(piece)) to.enqueue(bytes);
      return;
    }
    this.keptBytes += piece.length;
    if (this.keptBytes > KEPT_BYTES) this.kept = undefined;
    this.kept?.push(piece);
    await this.writer.write(piece).catch(() => this.again(to));
  }

  async flush(to: TransformStreamDefaultController<Piece>): Promise<void> {
    if (this.decode) return;
    await this.writer.close().catch(() => undefined);
    if (!(await this.reading)) await this.again(to);
  }

  private async passOn(to: TransformStreamDefaultController<Piece>): Promise<boolean> {
    const reader = (this.native.readable as ReadableStream<Piece>).getReader();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return true;
        this.passedBytes += value.length;
        to.enqueue(value);
      }
    } catch {
      return false;
    }
  }

  private async again(to: TransformStreamDefaultController<Piece>): Promise<void> {
    if (!this.kept) throw new TypeError("the coded body is broken");
    await this.reading;
    const decode = (this.decode = await load(this.coding));
    let skip = this.passedBytes;
    for (const bytes of this.kept.flatMap((piece) => decode(piece))) {
      const rest = bytes.subarray(Math.min(skip, bytes.length));
      skip -= bytes.length - rest.length;
      if (rest.length) to.enqueue(rest);
    }
    this.kept = undefined;
  }
}
