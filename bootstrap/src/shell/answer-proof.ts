// Whether an answer was signed by the box that it claims to be from. Source: docs/WIRE.md §10, §13.

import { decodeBase32, encodeBase32 } from "./base32";
import { isSound } from "./ed25519";
import { fingerprintOf } from "./session-description";

type Bytes = Uint8Array<ArrayBuffer>;

const PUBLIC_KEY_BYTES = 32;
// 26 base32 characters are 130 bits; with an app's name they fill a DNS label.
const KEY_ALIAS_CHARS = 26;

const utf8 = new TextEncoder();

export interface SignedAnswer {
  peerId: string;
  session: string;
  /** As it was sent. */
  offerSdp: string;
  answerSdp: string;
  signature: Bytes;
}

/** Throws BadDescription if the answer's description cannot be trusted. */
export async function isSignedByPeer(answer: SignedAnswer): Promise<boolean> {
  const key = decodeBase32(answer.peerId, PUBLIC_KEY_BYTES);
  if (!key) return false;
  const payload = await answerPayload(
    answer.session,
    answer.offerSdp,
    fingerprintOf(answer.answerSdp),
  );
  return verify(key, "answer", payload, answer.signature);
}

/** Whether an alias is the one that a key's hash gives: such an alias proves itself. */
export async function isKeyAlias(alias: string, peerId: string): Promise<boolean> {
  const key = decodeBase32(peerId, PUBLIC_KEY_BYTES);
  return key !== undefined && alias === (await keyAliasOf(key));
}

/** Whether an alias has the form of a key's hash: no other has its length. */
export function looksLikeKeyAlias(alias: string): boolean {
  return alias.length === KEY_ALIAS_CHARS && /^[a-z2-7]+$/.test(alias);
}

export async function keyAliasOf(publicKey: Bytes): Promise<string> {
  return encodeBase32(await sha256(publicKey)).slice(0, KEY_ALIAS_CHARS);
}

export async function answerPayload(
  session: string,
  offerSdp: string,
  fingerprint: Bytes,
): Promise<Bytes> {
  const id = utf8.encode(session);
  const offer = await sha256(utf8.encode(offerSdp));
  return Uint8Array.of(id.length, ...id, ...offer, ...fingerprint);
}

/** One kind of signature can never serve as another: the purpose is signed too. */
export function signedBytes(purpose: string, payload: Bytes): Bytes {
  return Uint8Array.of(...utf8.encode(`p2claw/1 ${purpose}`), 0, ...payload);
}

export async function verify(
  publicKey: Bytes,
  purpose: string,
  payload: Bytes,
  signature: Bytes,
): Promise<boolean> {
  if (!isSound(publicKey, signature)) return false;
  const key = await crypto.subtle.importKey("raw", publicKey, "Ed25519", false, ["verify"]);
  return crypto.subtle.verify("Ed25519", key, signature, signedBytes(purpose, payload));
}

async function sha256(bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}
