// Undoes a coding by the browser's own DecompressionStream. If there is none for the coding, or it rejects
// a body that the browser would accept from the network, a decoder of ours is loaded and does it.

import { loadPart } from "../../messages/part";
import type { Coding, Decode, DecoderModule, Piece } from "./decoder";

// What the build puts in place of it.
declare const __DECODER_URLS__: Readonly<Record<Coding, string>>;

// How much of a coded body is kept, to begin anew with another decoder. Beyond it a fault is final.
const KEPT_BYTES = 4_194_304;

/** Undoes one coding. */
export function stage(coding: Coding): TransformStream<Piece, Piece> {
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
