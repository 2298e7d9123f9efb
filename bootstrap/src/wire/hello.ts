// HELLO: how each side introduces itself, and which version both know. Source: docs/WIRE.md §3.

import { Code } from "./codes";
import { SessionFault } from "./faults";
import { CREDIT_MAX, FIRST_STREAMS, FIRST_WINDOW_BYTES, SOFTWARE_BYTES } from "./limits";
import { NotPacked, pack, type Packed, unpack } from "./msgpack";

export const VERSION = 1;

const utf8 = new TextEncoder();

const OLDEST_VERSION = 1;

/** docs/WIRE.md §14. */
export const WEBSOCKET = "websocket";

/** docs/WIRE.md §15. */
export const RESUME = "resume";

/** docs/WIRE.md §18. */
export const WIDE = "wide";

const TOKEN_BYTES = 64;
const PLACE_MOST = 65_535;

/** The session that a link is to carry on, and how many of its messages have come. */
export interface Resumption {
  token: Uint8Array;
  received: number;
}

export interface Hello {
  version: number;
  /** The lowest that the box speaks. */
  oldest: number;
  software: string;
  windowBytes: number;
  streams: number;
  extensions: string[];
  /** By which the session can be resumed; empty: it cannot. */
  token: Uint8Array;
  /** Where in the box it is. */
  place: number | undefined;
}

/** The payload of a visitor's HELLO. */
export function encodeHello(
  app: string,
  software: string,
  windowBytes: number,
  resumes?: Resumption,
): Uint8Array {
  return pack({
    v: VERSION,
    min: OLDEST_VERSION,
    role: "visitor",
    app,
    sw: software,
    window: windowBytes,
    streams: FIRST_STREAMS,
    ext: [WEBSOCKET, RESUME, WIDE],
    ...(resumes && { ...resumes }),
  });
}

/** The HELLO of a box. Throws SessionFault. Keys that are not known are ignored. */
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
  if (!isTextList(extensions)) throw new SessionFault("a HELLO whose 'ext' is wrong");
  const token = map.has("token") ? map.get("token") : new Uint8Array();
  if (!(token instanceof Uint8Array) || token.length > TOKEN_BYTES) {
    throw new SessionFault("a HELLO whose 'token' is wrong");
  }
  const place = map.has("place") ? integer(map, "place", undefined, 0, PLACE_MOST) : undefined;
  const facts = { software, windowBytes, streams, extensions, token: token.slice(), place };
  return { version: highest, oldest: lowest, ...facts };
}

/** The version in use. Throws SessionFault VERSION where there is none in common. */
export function agree(theirs: Pick<Hello, "version" | "oldest">): number {
  const version = Math.min(VERSION, theirs.version);
  if (version < Math.max(OLDEST_VERSION, theirs.oldest)) {
    throw new SessionFault(
      `no common version: there ${theirs.oldest} to ${theirs.version}`,
      Code.VERSION,
    );
  }
  return version;
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

function isTextList(value: Packed | undefined): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
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
