// What of a session description matters for trust: its certificate fingerprint. Pure.
// Source: docs/WIRE.md §13.

/** The description is not one that a box of ours would send. */
export class BadDescription extends Error {}

// Parsers disagree on which of these end a line, so that a line hidden behind one could be seen by
// the browser and not by us. No session description has a use for them.
const FORBIDDEN = /[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]/;
const FINGERPRINT = /^\s*a\s*=\s*fingerprint\b/i;
const SHA256 = /^a=fingerprint:sha-256 ([0-9a-f]{2}(?::[0-9a-f]{2}){31}) *$/i;
const OTHER_HASH = /^a=fingerprint:(?!sha-256 )[a-z0-9-]+ [0-9a-f]{2}(?::[0-9a-f]{2})* *$/i;

/** The one SHA-256 fingerprint, 32 bytes. Throws BadDescription. */
export function fingerprintOf(sdp: string): Uint8Array<ArrayBuffer> {
  const found = new Set<string>();
  for (const line of linesOf(sdp)) {
    if (!FINGERPRINT.test(line)) continue;
    const sha256 = SHA256.exec(line)?.[1];
    if (sha256) found.add(sha256.toLowerCase());
    else if (!OTHER_HASH.test(line)) throw new BadDescription("an unreadable fingerprint");
  }
  const [only, ...more] = found;
  if (only === undefined || more.length) throw new BadDescription(`${found.size} fingerprints`);
  return Uint8Array.from(only.split(":"), (byte) => Number.parseInt(byte, 16));
}

/**
 * The description with its SHA-256 fingerprint lines only: a certificate that matches any line is
 * accepted, so a line that was not verified must go.
 */
export function withoutOtherFingerprints(sdp: string): string {
  return linesOf(sdp)
    .filter((line) => !FINGERPRINT.test(line) || SHA256.test(line))
    .join("\r\n");
}

function linesOf(sdp: string): string[] {
  if (FORBIDDEN.test(sdp)) throw new BadDescription("a control character");
  return sdp.split(/\r\n|\n|\r/);
}
