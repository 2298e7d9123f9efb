// WebSocket to the app itself, over the link. Those to other origins stay the browser's own.

import type { WorkerToSocket } from "../messages/socket";
import { impersonate } from "./impersonate";
import { type Accepted, Opening, type Realm, type SocketOwner } from "./socket-opening";

/** Where a WebSocket leads: as the app names it, and where it is asked for. undefined: elsewhere. */
export type FindOwn = (url: string) => { url: string; request: string } | undefined;

const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;

// RFC 9110 §5.6.2
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const REASON_BYTES = 123;
const ABNORMAL = 1006;
const NO_STATUS = 1005;

// An app that chooses none of the subprotocols has refused: so the standard has it, and so have the
// browsers that have this class; to Firefox it is a socket without one.
export const STRICT = "WebSocketStream" in self;
// It would ask the edge. An app that looks for it finds a browser that has only this class.
delete (self as { WebSocketStream?: unknown }).WebSocketStream;

const utf8 = new TextEncoder();
const live = new Set<AppWebSocket>();

export function wrapWebSocket(realm: Realm, findOwn: FindOwn): void {
  impersonate("WebSocket", (args, made) => {
    const url = String(args[0]);
    // Without this class an empty address is refused.
    if (!args.length || !(url || STRICT)) return undefined;
    const own = findOwn(url);
    const protocols = listed(args[1]);
    // What is malformed is left to the browser, whose error is the right one.
    const valid = protocols.every((name) => TOKEN.test(name));
    if (!own || !valid || new Set(protocols).size < protocols.length) return undefined;
    return new AppWebSocket(made(), own.url, own.request, protocols, realm);
  });
  self.addEventListener("pagehide", () => {
    for (const socket of live) socket.leave();
  });
}

function listed(protocols: unknown): string[] {
  if (protocols === undefined) return [];
  const isList =
    typeof protocols === "object" && protocols !== null && Symbol.iterator in protocols;
  return isList ? [...(protocols as Iterable<unknown>)].map(String) : [String(protocols)];
}

class AppWebSocket implements SocketOwner {
  readyState = CONNECTING;
  bufferedAmount = 0;
  protocol = "";
  extensions = "";
  private type: BinaryType = "blob";
  private parts: Uint8Array<ArrayBuffer>[] = [];
  private readonly opening: Opening;
  private readonly origin: string;

  constructor(
    private readonly target: EventTarget,
    readonly url: string,
    request: string,
    private readonly protocols: readonly string[],
    realm: Realm,
  ) {
    this.origin = new URL(url).origin;
    this.opening = new Opening(realm, this);
    live.add(this);
    void this.opening.start(request, protocols.join(", "));
  }

  get binaryType(): BinaryType {
    return this.type;
  }
  set binaryType(type: BinaryType) {
    if (type === "blob" || type === "arraybuffer") this.type = type;
  }

  send(...args: unknown[]): void {
    if (!args.length) throw new TypeError(`${SEND}1 argument required, but only 0 present.`);
    if (this.readyState === CONNECTING)
      fail("InvalidStateError", SEND, "Still in CONNECTING state.");
    const [message] = args;
    const data = message instanceof Blob ? message : bytesOf(message);
    this.bufferedAmount += data instanceof Blob ? data.size : data.length;
    if (this.readyState !== OPEN) return;
    const text = !(data instanceof Blob) && !isBytes(message);
    if (data instanceof Blob) this.opening.post({ kind: "message", text, data });
    else this.opening.post({ kind: "message", text, data }, data.buffer);
  }

  close(code?: unknown, reason?: unknown): void {
    const number = code === undefined ? undefined : clamped(code);
    if (number !== undefined && number !== 1000 && (number < 3000 || number > 4999)) {
      const text = `The close code must be either 1000, or between 3000 and 4999. ${number} is neither.`;
      fail("InvalidAccessError", CLOSE, text);
    }
    const why = reason === undefined ? "" : String(reason);
    if (utf8.encode(why).length > REASON_BYTES) {
      const text = `The close reason must not be greater than ${REASON_BYTES} UTF-8 bytes.`;
      fail("SyntaxError", CLOSE, text);
    }
    if (this.readyState >= CLOSING) return;
    const opened = this.readyState === OPEN;
    this.readyState = CLOSING;
    // RFC 6455 has no reason without a code.
    const sent = number ?? (why ? 1000 : undefined);
    if (opened) this.opening.post({ kind: "close", code: sent, reason: why });
    else this.opening.stop();
  }

  /** The page goes away. */
  leave(): void {
    live.delete(this);
    this.readyState = CLOSED;
    this.opening.post({ kind: "close", code: 1001, reason: "" });
  }

  opened({ protocol, extensions }: Accepted): void {
    if (this.readyState !== CONNECTING || (STRICT && this.protocols.length && !protocol)) {
      // Closed while it was being opened, or not as asked: the app sees one that ends at once.
      this.opening.post({ kind: "close", code: 1001, reason: "" });
      this.failed();
      return;
    }
    this.readyState = OPEN;
    this.protocol = protocol;
    this.extensions = extensions;
    this.target.dispatchEvent(new Event("open"));
  }

  receive(message: WorkerToSocket): void {
    if (this.readyState === CLOSED) return;
    switch (message.kind) {
      case "part":
        this.opening.post({ kind: "read", bytes: message.bytes.length });
        this.parts.push(message.bytes);
        if (message.final) this.deliver(message.text);
        return;
      case "sent":
        this.bufferedAmount -= message.bytes;
        return;
      case "closed":
        this.end(message.code ?? NO_STATUS, message.reason, true);
        return;
      case "lost":
        if (message.failed) this.failed();
        else this.end(ABNORMAL, "", false);
        return;
      default:
        message satisfies never;
    }
  }

  failed(): void {
    if (this.readyState === CLOSED) return;
    this.readyState = CLOSED;
    this.target.dispatchEvent(new Event("error"));
    this.end(ABNORMAL, "", false);
  }

  private deliver(text: boolean): void {
    const { parts } = this;
    this.parts = [];
    if (this.readyState !== OPEN) return;
    const data = text
      ? decoded(parts)
      : this.type === "blob"
        ? new Blob(parts)
        : joined(parts).buffer;
    this.target.dispatchEvent(new MessageEvent("message", { data, origin: this.origin }));
  }

  private end(code: number, reason: string, wasClean: boolean): void {
    live.delete(this);
    this.readyState = CLOSED;
    this.opening.drop();
    this.target.dispatchEvent(new CloseEvent("close", { code, reason, wasClean }));
  }
}

const SEND = "Failed to execute 'send' on 'WebSocket': ";
const CLOSE = "Failed to execute 'close' on 'WebSocket': ";

// As each family of browsers words it.
const PLAIN = {
  InvalidStateError: "An attempt was made to use an object that is not, or is no longer, usable",
  InvalidAccessError: "A parameter or an operation is not supported by the underlying object",
  SyntaxError: "An invalid or illegal string was specified",
};

function fail(name: keyof typeof PLAIN, where: string, text: string): never {
  throw new DOMException(STRICT ? where + text : PLAIN[name], name);
}

function isBytes(data: unknown): data is ArrayBuffer | ArrayBufferView {
  return data instanceof ArrayBuffer || ArrayBuffer.isView(data);
}

// A copy: the app may go on with what it passed.
function bytesOf(data: unknown): Uint8Array<ArrayBuffer> {
  if (data instanceof ArrayBuffer) return new Uint8Array(data.slice(0));
  if (!ArrayBuffer.isView(data)) return utf8.encode(String(data));
  return new Uint8Array(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

// Web IDL: [Clamp] unsigned short; some browsers cut fractions off.
function clamped(value: unknown): number {
  const number = Number(value);
  if (Number.isNaN(number)) return 0;
  const near = Math.min(Math.max(number, 0), 65_535);
  const low = Math.floor(near);
  if (STRICT) return low;
  return near - low < 0.5 || (near - low === 0.5 && low % 2 === 0) ? low : low + 1;
}

function decoded(parts: Uint8Array[]): string {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  return parts.map((part) => decoder.decode(part, { stream: true })).join("") + decoder.decode();
}

function joined(parts: Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const [only] = parts;
  if (only && parts.length === 1) return only;
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
