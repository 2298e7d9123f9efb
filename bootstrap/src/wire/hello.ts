// HELLO: what each side says of itself first, and which version both can speak. Source: docs/WIRE.md §3.

import { Code } from "./codes";
import { SessionFault } from "./faults";
import { CREDIT_MAX, FIRST_STREAMS, FIRST_WINDOW_BYTES, LIMITS, SOFTWARE_BYTES } from "./limits";
import { NotPacked, pack, type Packed, unpack } from "./msgpack";

export const VERSION = 1;

const utf8 = new TextEncoder();

export interface Hello {
  version: number;
  software: string;
  windowBytes: number;
  streams: number;
}

/** The payload of a visitor's HELLO. */
export function encodeHello(app: string, software: string): Uint8Array {
  return pack({
    v: VERSION,
    min: VERSION,
    role: "visitor",
    app,
    sw: software,
    window: LIMITS.windowBytes,
    streams: FIRST_STREAMS,
    ext: [],
  });
}

/** What a box says, its version the one in use. Throws SessionFault PROTOCOL or VERSION. */
export function decodeHello(payload: Uint8Array): Hello {
  const map = unpackMap(payload);
  const highest = integer(map, "v", undefined, 1, CREDIT_MAX);
  const lowest = integer(map, "min", highest, 1, highest);
  const role = map.get("role");
  if (role !== "box") throw new SessionFault("a HELLO that is not a box's");
  const software = map.has("sw") ? map.get("sw") : "";
  if (typeof software !== "string" || utf8.encode(software).length > SOFTWARE_BYTES) {
    throw new SessionFault("a HELLO whose 'sw' is wrong");
  }
  const windowBytes = integer(map, "window", FIRST_WINDOW_BYTES, FIRST_WINDOW_BYTES, CREDIT_MAX);
  const streams = integer(map, "streams", FIRST_STREAMS, FIRST_STREAMS, CREDIT_MAX);
  const extensions = map.has("ext") ? map.get("ext") : [];
  if (!Array.isArray(extensions) || !extensions.every((name) => typeof name === "string")) {
    throw new SessionFault("a HELLO whose 'ext' is wrong");
  }
  const version = Math.min(VERSION, highest);
  if (version < lowest) {
    throw new SessionFault(`no common version: ${lowest} to ${highest}`, Code.VERSION);
  }
  return { version, software, windowBytes, streams };
}

function unpackMap(payload: Uint8Array): Map<string, Packed> {
  try {
    const value = unpack(payload);
    if (value instanceof Map) return value;
  } catch (error) {
    if (!(error instanceof NotPacked)) throw error;
  }
  throw new SessionFault("a HELLO that is not a map");
}

function integer(
  map: Map<string, Packed>,
  key: string,
  absent: number | undefined,
  least: number,
  most: number,
): number {
  const value = map.has(key) ? map.get(key) : absent;
  if (typeof value !== "number" || value < least || value > most) {
    throw new SessionFault(`a HELLO whose '${key}' is wrong`);
  }
  return value;
}
