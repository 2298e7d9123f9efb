// MD5 (RFC 1321), which HTTP Digest still asks for and no browser gives.

const SHIFTS = [
  [7, 12, 17, 22],
  [5, 9, 14, 20],
  [4, 11, 16, 23],
  [6, 10, 15, 21],
];
const SINES = Array.from({ length: 64 }, (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32));

/** 32 hexadecimal digits. */
export function md5(bytes: Uint8Array): string {
  const blocks = new Uint8Array((((bytes.length + 8) >> 6) + 1) * 64);
  blocks.set(bytes);
  blocks[bytes.length] = 0x80;
  const words = new DataView(blocks.buffer);
  words.setUint32(blocks.length - 8, bytes.length * 8, true);
  let state: [number, number, number, number] = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476];
  for (let at = 0; at < blocks.length; at += 64) {
    let [a, b, c, d] = state;
    for (let i = 0; i < 64; i += 1) {
      const round = i >> 4;
      const [mixed, word] = step(round, i, b, c, d);
      const sum = a + mixed + (SINES[i] ?? 0) + words.getUint32(at + (word % 16) * 4, true);
      const shift = SHIFTS[round]?.[i % 4] ?? 0;
      const turned = (sum << shift) | ((sum | 0) >>> (32 - shift));
      [a, d, c, b] = [d, c, b, (b + turned) | 0];
    }
    const [a0, b0, c0, d0] = state;
    state = [a0 + a, b0 + b, c0 + c, d0 + d];
  }
  const out = new DataView(new ArrayBuffer(16));
  state.forEach((word, i) => out.setUint32(i * 4, word | 0, true));
  return hex(out.buffer);
}

export function hex(bytes: ArrayBuffer): string {
  return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function step(round: number, i: number, b: number, c: number, d: number): [number, number] {
  if (round === 0) return [(b & c) | (~b & d), i];
  if (round === 1) return [(d & b) | (~d & c), 5 * i + 1];
  if (round === 2) return [b ^ c ^ d, 3 * i + 5];
  return [c ^ (b | ~d), 7 * i];
}
