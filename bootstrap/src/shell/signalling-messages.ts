// The messages of the coordinator, checked, and ours to it. Pure. Source: docs/WIRE.md §12.

export interface IceServer {
  urls: string[];
  username?: string;
  credential?: string;
}

export type FromCoordinator =
  | {
      t: "introduced";
      session: string;
      peerId: string;
      iceServers: IceServer[];
      /** In base64: why that key responds for the name, if it is not the name's own. */
      statements: string[];
    }
  | { t: "apps"; apps: string[]; down: string[] }
  | { t: "answer"; sdp: string; signature: Uint8Array<ArrayBuffer> }
  | { t: "candidate"; candidate: string; mid: string }
  | { t: "error"; code: string; retryS: number | undefined };

export type ToCoordinator =
  | { t: "offer"; sdp: string; place?: number }
  | { t: "candidate"; candidate: string; mid: string }
  | { t: "end" };

const MESSAGE_CHARS = 65_536;
// Each reply has a few kilobytes: an answer and candidates, or a single message.
const REPLY_CHARS = 262_144;
const REPLY_MESSAGES = 512;
const SDP_CHARS = 16_384;
const CANDIDATE_CHARS = 1_024;
// Apps, or statements, of which each has fewer.
const MOST = 264;
const SERVERS = 16;
const SIGNATURE_BYTES = 64;
const MOST_RETRY_S = 86_400;

/** The coordinator broke the protocol. Without a text: nobody is shown one, and the first page has no room. */
export class BadSignalling extends Error {}

/** undefined: a message of a type that this version does not know. Throws BadSignalling. */
export function decodeSignalling(text: unknown): FromCoordinator | undefined {
  return read(parse(text, MESSAGE_CHARS));
}

/** The messages of a reply; those of an unknown type are left out. Throws BadSignalling. */
export function readReply(text: string): FromCoordinator[] {
  const messages = list(parse(text, REPLY_CHARS), REPLY_MESSAGES, read);
  return messages.filter((message) => message !== undefined);
}

/** Throws BadSignalling. */
export function readIceServers(value: unknown): IceServer[] {
  return list(value, SERVERS, iceServer);
}

function read(message: unknown): FromCoordinator | undefined {
  if (!isRecord(message) || typeof message["t"] !== "string") {
    throw new BadSignalling();
  }
  switch (message["t"]) {
    case "introduced":
      return {
        t: "introduced",
        session: matching(message["session"], /^[\w-]{1,64}$/),
        peerId: matching(message["peer_id"], /^[a-z2-7]{52}$/),
        iceServers: readIceServers(message["ice_servers"]),
        statements: list(message["statements"] ?? [], MOST, text),
      };
    case "apps":
      return {
        t: "apps",
        apps: list(message["apps"], MOST, text),
        down: list(message["down"] ?? [], MOST, text),
      };
    case "answer":
      return { t: "answer", sdp: string(message["sdp"], SDP_CHARS), signature: signature(message) };
    case "candidate":
      return {
        t: "candidate",
        candidate: string(message["candidate"], CANDIDATE_CHARS),
        mid: string(message["mid"] ?? "0", 64),
      };
    case "error":
      return {
        t: "error",
        code: matching(message["code"], /^[a-z0-9-]{1,64}$/),
        retryS: seconds(message["retry_s"]),
      };
    default:
      return undefined;
  }
}

function parse(text: unknown, mostChars: number): unknown {
  if (typeof text === "string" && text.length <= mostChars) {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      // As wrong as what is too long.
    }
  }
  throw new BadSignalling();
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function string(value: unknown, most: number): string {
  if (typeof value !== "string" || value.length > most) throw new BadSignalling();
  return value;
}

function text(value: unknown): string {
  return string(value, 256);
}

function matching(value: unknown, pattern: RegExp): string {
  const text = string(value, MESSAGE_CHARS);
  if (!pattern.test(text)) throw new BadSignalling();
  return text;
}

function seconds(value: unknown): number | undefined {
  if (value == null) return undefined;
  const count = Number.isInteger(value) ? (value as number) : -1;
  if (count < 0 || count > MOST_RETRY_S) throw new BadSignalling();
  return count;
}

function list<T>(value: unknown, most: number, read: (item: unknown) => T): T[] {
  if (!Array.isArray(value) || value.length > most) throw new BadSignalling();
  return value.map(read);
}

function iceServer(value: unknown): IceServer {
  if (!isRecord(value)) throw new BadSignalling();
  const server: IceServer = { urls: list(value["urls"], SERVERS, (url) => string(url, 512)) };
  if (typeof value["username"] === "string") server.username = value["username"];
  if (typeof value["credential"] === "string") server.credential = value["credential"];
  return server;
}

function signature(message: Record<string, unknown>): Uint8Array<ArrayBuffer> {
  const text = matching(message["signature"], /^[A-Za-z0-9+/]+={0,2}$/);
  let binary = "";
  try {
    binary = atob(text);
  } catch {
    // Of a wrong length, so the check below fails.
  }
  if (binary.length !== SIGNATURE_BYTES) throw new BadSignalling();
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
