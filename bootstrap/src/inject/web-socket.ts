// WebSocket to the app itself, over the link. Those to other origins stay the browser's own. Here is what
// a script sees at once; what carries the messages is `socket-traffic`, which pages load with the first.

import {
  ABNORMAL,
  CLOSED,
  CLOSING,
  CONNECTING,
  OPEN,
  type OpenSocket,
  type SocketFace,
  type SocketTraffic,
} from "../messages/app-socket";
import { impersonate } from "./impersonate";

/** Where a WebSocket leads: as the app names it, and where it is asked for. undefined: elsewhere. */
export type FindOwn = (url: string) => { url: string; request: string } | undefined;

// RFC 9110 §5.6.2
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const REASON_BYTES = 123;

// An app that chooses none of the subprotocols has refused: so the standard has it, and so have the
// browsers that have this class; to Firefox it is a socket without one.
export const STRICT = "WebSocketStream" in self;
// It would ask the edge. An app that looks for it finds a browser that has only this class.
delete (self as { WebSocketStream?: unknown }).WebSocketStream;

const live = new Set<AppWebSocket>();

/** load: where it fails the opening does, and the next one calls it anew. */
export function wrapWebSocket(load: () => Promise<OpenSocket>, findOwn: FindOwn): void {
  impersonate("WebSocket", (args, made) => {
    const url = String(args[0]);
    // Without this class an empty address is refused.
    if (!args.length || !(url || STRICT)) return undefined;
    const own = findOwn(url);
    const protocols = listed(args[1]);
    // What is malformed is left to the browser, whose error is the right one.
    const valid = protocols.every((name) => TOKEN.test(name));
    if (!own || !valid || new Set(protocols).size < protocols.length) return undefined;
    return new AppWebSocket(made(), own.url, own.request, protocols, load);
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

class AppWebSocket implements SocketFace {
  readyState = CONNECTING;
  bufferedAmount = 0;
  protocol = "";
  extensions = "";
  private type: BinaryType = "blob";
  private traffic: SocketTraffic | undefined;

  constructor(
    readonly target: EventTarget,
    readonly url: string,
    readonly request: string,
    readonly protocols: readonly string[],
    load: () => Promise<OpenSocket>,
  ) {
    live.add(this);
    load().then(
      (open) => {
        if (this.readyState === CONNECTING) this.traffic = open(this);
        else this.failed();
      },
      () => this.failed(),
    );
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
    if (this.traffic) this.traffic.send(message);
    else this.bufferedAmount += new Blob([message as BlobPart]).size;
  }

  close(code?: unknown, reason?: unknown): void {
    const number = code === undefined ? undefined : clamped(code);
    if (number !== undefined && number !== 1000 && (number < 3000 || number > 4999)) {
      const text = `The close code must be either 1000, or between 3000 and 4999. ${number} is neither.`;
      fail("InvalidAccessError", CLOSE, text);
    }
    const why = reason === undefined ? "" : String(reason);
    if (new TextEncoder().encode(why).length > REASON_BYTES) {
      const text = `The close reason must not be greater than ${REASON_BYTES} UTF-8 bytes.`;
      fail("SyntaxError", CLOSE, text);
    }
    if (this.readyState >= CLOSING) return;
    const opened = this.readyState === OPEN;
    this.readyState = CLOSING;
    // RFC 6455 has no reason without a code.
    if (opened) this.traffic?.close(number ?? (why ? 1000 : undefined), why);
    else this.traffic?.stop();
  }

  /** The page goes away. */
  leave(): void {
    live.delete(this);
    this.readyState = CLOSED;
    this.traffic?.close(1001, "");
  }

  failed(): void {
    if (this.readyState === CLOSED) return;
    this.readyState = CLOSED;
    this.target.dispatchEvent(new Event("error"));
    this.ended(ABNORMAL, "", false);
  }

  ended(code: number, reason: string, wasClean: boolean): void {
    live.delete(this);
    this.readyState = CLOSED;
    this.traffic?.drop();
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

// Web IDL: [Clamp] unsigned short; some browsers cut fractions off.
function clamped(value: unknown): number {
  const number = Number(value);
  if (Number.isNaN(number)) return 0;
  const near = Math.min(Math.max(number, 0), 65_535);
  const low = Math.floor(near);
  if (STRICT) return low;
  return near - low < 0.5 || (near - low === 0.5 && low % 2 === 0) ? low : low + 1;
}
