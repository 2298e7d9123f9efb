// Ed25519 keys and signatures that only the holder of one private key can have made: browsers differ
// in which others they accept. Source: RFC 8032 §5.1, docs/WIRE.md §10.

const P = (1n << 255n) - 19n;
const L = (1n << 252n) + 27742317777372353535851937790883648493n;

/** Whether both are encoded as in RFC 8032 §5.1.2, and neither point is of small order. */
export function isSound(publicKey: Uint8Array, signature: Uint8Array): boolean {
  const [r, s] = [signature.subarray(0, 32), signature.subarray(32)];
  return isPoint(publicKey) && isPoint(r) && s.length === 32 && littleEndian(s) < L;
}

function isPoint(encoded: Uint8Array): boolean {
  const y = littleEndian(encoded) & ((1n << 255n) - 1n); // the highest bit is the sign of x
  // Why this is 0 for the points of small order alone: p2claw/wire/signalling/ed25519.py
  const y2 = y * y;
  const small = (y * (y2 - 1n) * (121665n * y2 * y2 - 243332n * y2 + 121666n)) % P === 0n;
  return encoded.length === 32 && y < P && !small;
}

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}
