// What a decoder is to whoever feeds it. Each is a file of its own, loaded where it is needed.

export type Piece = Uint8Array<ArrayBuffer>;

/** Takes the next bytes of the coded body, gives what they decode to. Throws where they are wrong. */
export type Decode = (bytes: Piece) => Piece[];

export interface DecoderModule {
  decoder(coding: string): Decode;
}
