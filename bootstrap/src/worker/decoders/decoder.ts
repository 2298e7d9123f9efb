// What a decoder is to whoever feeds it. Each is a file of its own, loaded where it is needed.

export type Piece = Uint8Array<ArrayBuffer>;

export type Coding = "gzip" | "deflate" | "br" | "zstd";

/** Decodes the next bytes of a coded body. Throws if they are wrong. */
export type Decode = (bytes: Piece) => Piece[];

export interface DecoderModule {
  decoder(coding: string): Decode;
}
