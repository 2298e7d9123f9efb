// Base32 as in peer ids and key aliases: RFC 4648 §6, lower case, no padding. Pure.

const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

export function encodeBase32(bytes: Uint8Array): string {
  let text = "";
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET[(value >>> bits) & 31];
    }
  }
  return bits ? text + ALPHABET[(value << (5 - bits)) & 31] : text;
}

/** undefined where it is not what `encodeBase32` gives for that many bytes. */
export function decodeBase32(text: string, size: number): Uint8Array<ArrayBuffer> | undefined {
  const bytes = new Uint8Array(size);
  let bits = 0;
  let value = 0;
  let at = 0;
  for (const character of text) {
    const digit = ALPHABET.indexOf(character);
    if (digit < 0) return undefined;
    value = ((value << 5) | digit) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    if (at === size) return undefined;
    bytes[at++] = value >>> bits;
  }
  return at === size && encodeBase32(bytes) === text ? bytes : undefined;
}
