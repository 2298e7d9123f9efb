// Another app under the same parent, here a sibling, which a page asks by its own URL. A frame of the
// sibling, hidden in the shell, serves: the messages of shell, Service Worker and frame.

import type { GuestReply, GuestRequest } from "./guest";
import type { RequestBody } from "./sw-worker";

/** The page of the hidden frame, from the edge. */
export const SIBLING_PATH = "/__p2claw/sibling";

/** On responses to a hidden frame: the status of a redirect, which it is to see and not to follow. */
export const MOVED_FIELD = "x-p2claw-moved";

/** `<app>-<alias>.<parent>`, of the same parent and port, and not this one. */
export function isSibling(url: URL, here: { protocol: string; host: string }): boolean {
  const parent = (host: string): string => host.slice(host.indexOf("."));
  return (
    url.protocol === here.protocol &&
    url.host !== here.host &&
    parent(url.host) === parent(here.host) &&
    /^[^.]+-[a-z0-9]+\./.test(url.host)
  );
}

/** Of origins of siblings. What one box shares is one site, as servers of one person are. */
export function isSameBox(one: string, other: string): boolean {
  const box = (origin: string): string => new URL(origin).host.replace(/^[^.]*-/, "");
  return box(one) === box(other);
}

/**
 * From the Service Worker to a shell. GuestReplies come on `reply`, on which null means: give up.
 * An `error` after a response: the rest of it does not come.
 */
export interface SiblingAsk {
  /** Its URL with marks. */
  request: GuestRequest;
  body: RequestBody;
  reply: MessagePort;
}

/** Which requests the hidden frame of a sibling serves. */
export type ShellToSibling =
  | ({
      p2claw: "ask";
      /** What the page at the top requires of what it loads. */
      embedder: string;
      /** The pipe of a WebSocket. */
      socket: MessagePort | undefined;
    } & SiblingAsk)
  /** The realm of the WebSocket that was opened by this request is gone. */
  | { p2claw: "over"; socket: string }
  /** The reply is `lives`: somebody waits for something. */
  | { p2claw: "beat" };

export type SiblingToShell =
  /** It listens. beats: and replies to `beat`, which one of an older version does not. */
  | { p2claw: "here"; beats?: boolean }
  | { p2claw: "lives" }
  /** So much of the body that came under this id. */
  | { p2claw: "sent"; id: string; bytes: number };

/** What is to go back, as it is in the hidden frame: its body goes by a port. */
export type SiblingResponse =
  | Extract<GuestReply, { do: "opaque" }>
  | (Omit<Extract<GuestReply, { do: "response" }>, "body"> & {
      body: ReadableStream<Uint8Array<ArrayBuffer>> | undefined;
    });

/** From the hidden frame to the shell that asks, on the port of the request. */
export type SiblingReply =
  | GuestReply
  /** Of a response that had a body all has come, or is not wanted any more. */
  | { do: "over" };

/** What the shell hands to the part that asks siblings. */
export interface AskingHome {
  /** Bodies that pages have handed over, and whom to inform of how much of them was sent; by their ids. */
  bodies: Map<string, Blob>;
  progress: Map<string, (sentBytes: number) => void>;
}

export interface Asking {
  /** From a window of this origin that no policy of ours restrains. */
  fetch: typeof fetch;
  ask(asked: SiblingAsk): void;
  /** The other end of the pipe of a WebSocket; the request that names it follows. */
  socket(id: string, port: MessagePort): void;
}

/** In place of the pages of a shell that nobody sees. */
export interface HiddenShell {
  /** For cookies: another site asks. */
  cross: boolean;
  /** Requests are intercepted. */
  ready(): void;
  /** Why there is none; undefined: all is well. */
  problem(code: string | undefined, retry?: () => void): void;
}

export interface SiblingModule {
  askSiblings(home: AskingHome): Asking;
  /** start: makes the shell. */
  serveSiblings(start: (hidden: HiddenShell) => void): void;
}
