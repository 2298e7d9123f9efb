// The messages between the shell and its channel worker.

import type { Code } from "../wire/codes";
import type { LastRequest } from "./last-request";
import type { SignInQuestion, SignedIn } from "./late";

/** `link` counts the links of one shell; a new one may open while an old one drains. */
export type ShellToWorker =
  /** held: nothing may be sent on it before `trusted`. */
  | { kind: "link"; link: number; channel: RTCDataChannel; app: string; held: boolean }
  /** The box of a link that was held is the one that is wanted. */
  | { kind: "trusted"; link: number }
  /** The shell has seen the link die, or given it up. */
  | { kind: "drop"; link: number }
  /** Requests of the Service Worker come on this port. Those of an earlier port are over. */
  | { kind: "port"; port: MessagePort }
  /** A body that a page handed over by reference; a request that names `id` follows. */
  | { kind: "body"; id: string; body: Blob }
  /** The request that named it is over. */
  | { kind: "body-done"; id: string }
  /** The pipe of a WebSocket; the request that opens it names the same `id`. */
  | { kind: "socket"; id: string; port: MessagePort }
  /** The pages have written so many cookies by now. Sent before any request with them. */
  | { kind: "wrote"; count: number }
  /** No link will come soon: requests that wait for one fail now. */
  | { kind: "give-up" }
  /** A person has signed in, or nobody wants to: the request goes on. */
  | ({ kind: "signed-in"; id: number } & SignedIn)
  /** The tab may be closed from now on: make ready for it. */
  | { kind: "attend" }
  /** It is closed: ask for this at once. */
  | { kind: "last"; request: LastRequest }
  /** The network may have changed: is the box still there? */
  | { kind: "probe" };

export type WorkerToShell =
  | LinkNews
  /** The app asks who is there. The request waits. */
  | ({ kind: "sign-in"; id: number } & SignInQuestion)
  /** How much of a body that came by reference has been sent. */
  | { kind: "progress"; id: string; sentBytes: number }
  /** A hint of the box about the app, for its developer. */
  | { kind: "notice"; text: string };

/** What happens to a link. */
export type LinkNews =
  | { kind: "open"; link: number }
  /** Nothing new goes over this link; what is open on it goes on. */
  | { kind: "goaway"; link: number; code: Code }
  | { kind: "lost"; link: number; code: Code; reason: string }
  /** Its path is lost, or silent beyond its pace: another link may carry its session on. */
  | { kind: "suspect"; link: number }
  /** Messages come on it again. */
  | { kind: "fine"; link: number }
  /** Where in the box the session is: sent to the coordinator with the next offer. */
  | { kind: "placed"; place: number | undefined };
