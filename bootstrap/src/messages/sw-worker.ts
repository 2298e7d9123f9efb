// The messages between the Service Worker and a channel worker, past the shell's main thread.

import type { Cookie } from "../cookies/parse";
import type { Fields, ResponseHead } from "../wire/heads";

export type RequestBody =
  | { kind: "none" }
  | { kind: "bytes"; bytes: Uint8Array<ArrayBuffer> }
  | { kind: "stream"; stream: ReadableStream<Uint8Array<ArrayBuffer>> }
  | { kind: "blob"; blob: Blob }
  /** A Blob that the page handed to the shell under this id. */
  | { kind: "reference"; id: string };

/** One request; its response comes on `reply`, and nothing else ever does. */
export interface PortRequest {
  method: string;
  target: string;
  fields: Fields;
  urgency: number;
  body: RequestBody;
  /** It opens a WebSocket, on the pipe of this id. */
  socket?: string | undefined;
  /** Without credentials: no cookie, no Authorization. */
  anonymous: boolean;
  /** It is wanted even if its page is gone, and the link with it. */
  keep: boolean;
  /** The value of `Cookie`, "" for none; and how many writes of the tab's pages it knows of. */
  cookie: string;
  wrote: number;
  reply: MessagePort;
}

/** All cookies of the app, for requests past the Service Worker while the tab is closed. */
export interface CookieNews {
  cookies: Cookie[];
}

/** Asks how many cookies the tab's pages have written: the reply is `stale`. */
export interface CountRequest {
  reply: MessagePort;
}

/** Why there is no response, or no more of one. */
export type ReplyError =
  /** No link to the box, and none in time. */
  | "offline"
  /** The link was lost on the way; the request may have been processed. */
  | "lost"
  /** The box or the app broke off. */
  | "reset"
  /** More requests wait than there is room for. */
  | "busy"
  /** The head is larger than a frame may carry, or not valid. */
  | "head";

export type WorkerReply =
  /** decoded: its codings are undone on the way. */
  | ({ kind: "head"; end: boolean; decoded: boolean } & ResponseHead)
  | { kind: "data"; bytes: Uint8Array<ArrayBuffer> }
  | { kind: "end" }
  | { kind: "error"; error: ReplyError }
  /** The tab's pages have written so many cookies: `cookie` is to include them. */
  | { kind: "stale"; wrote: number };

export type SwToWorker =
  /** The reply to `stale`. */
  | { kind: "cookie"; cookie: string }
  /** So many body bytes have been read. */
  | { kind: "read"; bytes: number }
  | { kind: "cancel" };

/** The body of a response comes on this: a worker's port, or an object that stands in for one. */
export interface ReplyPort {
  onmessage: ((event: MessageEvent<WorkerReply>) => void) | null;
  postMessage(message: SwToWorker): void;
  close(): void;
}
