// Request heads, response heads and trailers: values here, msgpack on the wire. Source: docs/WIRE.md §4.

import { Code } from "./codes";
import { LocalFault, StreamFault } from "./faults";
import { LIMITS, METHOD_CHARS, NOTICE_CHARS, ORIGINS, REASON_CHARS, TARGET_CHARS } from "./limits";
import { NotPacked, pack, type Packed, type Sendable, unpack } from "./msgpack";

/** Lower-case names, in order; each character of a value is one octet. */
export type Fields = readonly (readonly [name: string, value: string])[];

export interface RequestHead {
  method: string;
  target: string;
  fields: Fields;
  /** RFC 9218 §4.1: 0 … 7, smaller first. */
  urgency: number;
  /** What a CONNECT opens on the stream, docs/WIRE.md §14. */
  protocol?: string;
  /** It is wanted though its link be lost. */
  keep?: boolean;
}

export interface ResponseHead {
  status: number;
  fields: Fields;
  /** A code of docs/WIRE.md §9 on responses that the box made itself, else "". */
  error: string;
  /** The phrase that an HTTP/1.1 upstream put behind the status. */
  reason: string;
  /** By which the app's page may mean the app itself, besides the one it is visited under. */
  origins: readonly string[];
  /** A line about the app, for whoever looks after it. */
  notice: string;
}

const DEFAULT_URGENCY = 3;

// RFC 9110 §5.6.2: a token; field names are lower-case here.
const METHOD = new RegExp(`^[!#$%&'*+.^_\`|~0-9A-Za-z-]{1,${METHOD_CHARS}}$`);
const NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
// RFC 9110 §5.5: one character is one octet; CR, LF and NUL would end the field somewhere else.
const VALUE = /^[\x01-\x09\x0b\x0c\x0e-\xff]*$/;
const TARGET = new RegExp(`^/[\\x21-\\x7e]{0,${TARGET_CHARS - 1}}$`);
const ERROR = /^[a-z][a-z0-9-]{0,63}$/;
// RFC 9112 §4: the phrase after the status.
const REASON = new RegExp(`^[\\t\\x20-\\x7e\\x80-\\xff]{0,${REASON_CHARS}}$`);
// A scheme, a host name or address, and a port that is not the scheme's own.
const ORIGIN = /^https?:\/\/([a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\])(:[0-9]{1,5})?$/;

/** The payload of REQUEST, whole. Throws LocalFault `head-invalid` or `head-too-large`. */
export function encodeRequest(head: RequestHead): Uint8Array {
  const asterisk = head.target === "*" && head.method === "OPTIONS"; // RFC 9112 §3.2.4
  if (!METHOD.test(head.method) || !(asterisk || TARGET.test(head.target))) {
    throw new LocalFault("head-invalid");
  }
  if (!head.fields.every(([name, value]) => NAME.test(name) && VALUE.test(value))) {
    throw new LocalFault("head-invalid");
  }
  if (head.fields.length > LIMITS.headFields) throw new LocalFault("head-too-large");
  const value: Record<string, Sendable> = { m: head.method, p: head.target, h: head.fields };
  if (head.urgency !== DEFAULT_URGENCY) value["u"] = head.urgency;
  if (head.protocol !== undefined) value["c"] = head.protocol;
  if (head.keep) value["k"] = 1;
  const payload = pack(value);
  if (payload.length > LIMITS.headBytes) throw new LocalFault("head-too-large");
  return payload;
}

/** Throws StreamFault: HEAD_TOO_LARGE, or PROTOCOL for all else that §4 does not allow. */
export function decodeResponse(payload: Uint8Array): ResponseHead {
  const value = unpackHead(payload);
  if (!(value instanceof Map)) throw new StreamFault("a head that is not a map");
  const status = value.get("s");
  if (typeof status !== "number" || status < 200 || status > 599) {
    throw new StreamFault("a status that is not 200 to 599");
  }
  const error = value.has("e") ? value.get("e") : "";
  if (typeof error !== "string" || (error !== "" && !ERROR.test(error))) {
    throw new StreamFault("an error code that is not lower-case words and hyphens");
  }
  const reason = value.has("r") ? value.get("r") : "";
  if (typeof reason !== "string" || !REASON.test(reason)) {
    throw new StreamFault("a reason with a character that is not allowed, or too many");
  }
  const origins = value.has("o") ? value.get("o") : [];
  if (!Array.isArray(origins) || origins.length > ORIGINS || !origins.every(isOrigin)) {
    throw new StreamFault("an origin that is none, or too many of them");
  }
  const notice = value.has("n") ? value.get("n") : "";
  if (typeof notice !== "string" || notice.length > NOTICE_CHARS) {
    throw new StreamFault("a notice too long");
  }
  return { status, fields: readFields(value.get("h")), error, reason, origins, notice };
}

/** Throws as `decodeResponse`. */
export function decodeTrailers(payload: Uint8Array): Fields {
  return readFields(unpackHead(payload));
}

/** Whether a response never has DATA. Source: docs/WIRE.md §4, RFC 9110 §6.4.1. */
export function hasNoBody(method: string, status: number): boolean {
  return method === "HEAD" || status === 204 || status === 205 || status === 304;
}

function isOrigin(value: Packed): value is string {
  return typeof value === "string" && ORIGIN.test(value);
}

function unpackHead(payload: Uint8Array): Packed {
  if (payload.length > LIMITS.headBytes) {
    throw new StreamFault("a head of too many bytes", Code.HEAD_TOO_LARGE);
  }
  try {
    return unpack(payload);
  } catch (error) {
    if (error instanceof NotPacked) throw new StreamFault("a head that is not msgpack");
    throw error;
  }
}

function readFields(value: Packed | undefined): Fields {
  if (!Array.isArray(value)) throw new StreamFault("fields that are not a list");
  if (value.length > LIMITS.headFields) {
    throw new StreamFault("too many fields", Code.HEAD_TOO_LARGE);
  }
  return value.map((field) => {
    const [name, text] = Array.isArray(field) && field.length === 2 ? field : [];
    if (typeof name !== "string" || typeof text !== "string") {
      throw new StreamFault("a field that is not a name and a value");
    }
    if (!NAME.test(name) || !VALUE.test(text)) {
      throw new StreamFault("a field with a character that is not allowed");
    }
    return [name, text] as const;
  });
}
