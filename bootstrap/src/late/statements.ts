// What the key of a box says about another key. Source: docs/WIRE.md §17.

import { verify } from "../shell/answer-proof";

type Bytes = Uint8Array<ArrayBuffer>;

const VERSION = 1;
const SIGNER_AT = 2;
const SUBJECT_AT = 34;
const ISSUED_AT = 66;
const EXPIRES_AT = 70;
const PAYLOAD_BYTES = 74;
const STATEMENT_BYTES = 138;

const CLOCK_SKEW_S = 300;
const DELEGATION_MOST_S = 8 * 86_400;

// Each is the purpose of its signature; its place is its number.
const KINDS = [undefined, "delegate", "rotate", "backup"] as const;

export interface Statement {
  kind: "delegate" | "rotate" | "backup";
  signer: Bytes;
  subject: Bytes;
  issuedS: number; // Unix time, as is the next
  expiresS: number; // 0: never
  payload: Bytes;
  signature: Bytes;
}

/** undefined: it is none. Nothing is verified. */
export function readStatement(bytes: Bytes): Statement | undefined {
  const kind = KINDS[bytes[1] ?? 0];
  if (bytes.length !== STATEMENT_BYTES || bytes[0] !== VERSION || !kind) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return {
    kind,
    signer: bytes.slice(SIGNER_AT, SUBJECT_AT),
    subject: bytes.slice(SUBJECT_AT, ISSUED_AT),
    issuedS: view.getUint32(ISSUED_AT),
    expiresS: view.getUint32(EXPIRES_AT),
    payload: bytes.slice(0, PAYLOAD_BYTES),
    signature: bytes.slice(PAYLOAD_BYTES),
  };
}

/** Whether it holds at this time. The signature is looked at by `isGenuine` alone. */
export function isInForce({ kind, issuedS, expiresS }: Statement, nowMs: number): boolean {
  const nowS = nowMs / 1_000;
  const lastsS = expiresS - issuedS;
  if (issuedS > nowS + CLOCK_SKEW_S) return false;
  if (kind === "delegate" && (lastsS <= 0 || lastsS > DELEGATION_MOST_S)) return false;
  return expiresS === 0 || nowS < expiresS;
}

/** Whether the signer has signed it. */
export function isGenuine({ kind, signer, payload, signature }: Statement): Promise<boolean> {
  return verify(signer, kind, payload, signature);
}
