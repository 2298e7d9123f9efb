// How a box is dialled, as it has signed it, and what the browser makes of it. Pure.
// Source: docs/WIRE.md §16.

import { encodeBase32 } from "./base32";
import { fingerprintOf } from "./session-description";

type Bytes = Uint8Array<ArrayBuffer>;

const COUNT_AT = 67;
const HEAD_BYTES = 68;
const ADDRESSES = 8;
const KEY_BYTES = 32;
const SIGNED_AT = 96; // behind the key and its signature

export interface Descriptor {
  ticket: Bytes;
  expiresS: number; // Unix time
  password: string;
  fingerprint: Bytes;
  addresses: [host: string, port: number][];
}

/** A descriptor as it is handed out. */
export interface Dialled {
  peerId: string;
  publicKey: Bytes;
  signature: Bytes;
  signed: Bytes;
  descriptor: Descriptor;
}

/** bytes: key, signature and descriptor. undefined: they are none, or it has expired. */
export function readDialled(bytes: Bytes, nowMs: number): Dialled | undefined {
  const signed = bytes.slice(SIGNED_AT);
  const descriptor = readDescriptor(signed);
  if (!descriptor || descriptor.expiresS * 1_000 <= nowMs) return undefined;
  const publicKey = bytes.slice(0, KEY_BYTES);
  const signature = bytes.slice(KEY_BYTES, SIGNED_AT);
  return { peerId: encodeBase32(publicKey), publicKey, signature, signed, descriptor };
}

/** undefined: it is none. */
export function readDescriptor(bytes: Bytes): Descriptor | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const addresses: Descriptor["addresses"] = [];
  let at = HEAD_BYTES;
  try {
    const [version, ticketVersion, count] = [0, 1, COUNT_AT].map((place) => view.getUint8(place));
    while (at < bytes.length) {
      const size = { 4: 4, 6: 16 }[view.getUint8(at)] ?? Infinity;
      const port = view.getUint16(at + size + 1);
      if (port) addresses.push([hostOf(bytes.subarray(at + 1, at + size + 1)), port]);
      at += size + 3;
    }
    const { length } = addresses;
    if (version !== 1 || ticketVersion !== 1 || length !== count || !length || length > ADDRESSES)
      return undefined;
  } catch {
    return undefined; // cut
  }
  return {
    ticket: bytes.subarray(1, 17),
    expiresS: view.getUint32(3),
    password: base64(bytes.subarray(17, 35)),
    fingerprint: bytes.subarray(35, 67),
    addresses,
  };
}

/** The answer that the box would send to this offer of a browser's. Throws BadDescription. */
export function answerOf(descriptor: Descriptor, offerSdp: string): string {
  const { ticket, password, fingerprint, addresses } = descriptor;
  const own = /^a=ice-pwd:([\w+/]*)/m.exec(offerSdp)?.[1];
  const pairs = [...fingerprint].map(hex);
  const values: Record<string, string> = {
    "ice-ufrag": base64(Uint8Array.of(...ticket, ...fingerprintOf(offerSdp))) + own,
    "ice-pwd": password,
    fingerprint: `sha-256 ${pairs.join(":").toUpperCase()}`,
    setup: "passive",
  };
  const lines = addresses.map(
    ([host, port], at) => `a=candidate:${at} 1 udp ${99 - at} ${host} ${port} typ host\r\n`,
  );
  return (
    offerSdp.replace(
      /^(a=(ice-ufrag|ice-pwd|fingerprint|setup)):.*/gm,
      (_, line: string, name: string) => `${line}:${values[name]}`,
    ) + lines.join("")
  );
}

function hostOf(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  // Two hexadecimal digits a byte, and four a group.
  return [...bytes].map((byte, at) => (at && at % 2 === 0 ? ":" : "") + hex(byte)).join("");
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
