// A WebSocket of the app: what a script sees of it, and what carries its messages, which pages have of
// the shell's window.

import type { Pipe } from "./socket";

/** What differs between a page and a worker. */
export interface SocketRealm {
  fetch: typeof fetch;
  /** The end of a pipe; its other end goes to the channel worker under this id. */
  pipe(id: string, url: string): Pipe;
  channel: boolean;
  /** The request with this mark is given up: the browser does not notify a Service Worker of that. */
  abort(id: string): void;
  /** An app that chooses none of the subprotocols has refused. */
  strict: boolean;
}

export interface SocketFace {
  readonly target: EventTarget;
  readonly url: string;
  /** Where it is asked for. */
  readonly request: string;
  readonly protocols: readonly string[];
  readonly binaryType: BinaryType;
  readyState: number;
  bufferedAmount: number;
  protocol: string;
  extensions: string;
  failed(): void;
  ended(code: number, reason: string, wasClean: boolean): void;
}

export interface SocketTraffic {
  send(message: unknown): void;
  close(code: number | undefined, reason: string): void;
  /** Give up before it is open. */
  stop(): void;
  /** Nothing more goes or comes. */
  drop(): void;
}

export type OpenSocket = (face: SocketFace) => SocketTraffic;

export const CONNECTING = 0;
export const OPEN = 1;
export const CLOSING = 2;
export const CLOSED = 3;

/** RFC 6455 §7.4.1. */
export const ABNORMAL = 1006;
