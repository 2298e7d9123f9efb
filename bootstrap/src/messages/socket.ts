// The messages of one WebSocket between a page, or a worker of the app, and the channel worker, past
// every other thread. It is opened by a request that carries its mark (`marks.ts`).

export type SocketToWorker =
  /** A message of the app. */
  | { kind: "message"; text: boolean; data: Uint8Array<ArrayBuffer> | Blob }
  /** So many bytes of messages have been read. */
  | { kind: "read"; bytes: number }
  | { kind: "close"; code: number | undefined; reason: string };

export type WorkerToSocket =
  /** Some of a message. */
  | { kind: "part"; text: boolean; bytes: Uint8Array<ArrayBuffer>; final: boolean }
  /** So many bytes of the app's messages have left. */
  | { kind: "sent"; bytes: number }
  | { kind: "closed"; code: number | undefined; reason: string }
  /** It ended without a Close. failed: not by the app, or because the app broke a rule. */
  | { kind: "lost"; failed: boolean };

/** Where the messages of one WebSocket go. No port reaches a worker of the app: it uses a channel. */
export type Pipe = MessagePort | BroadcastChannel;

/** Of an id, by which the mark names a WebSocket: the realm, whether it is by a channel, a number. */
export function socketId(realm: string, channel: boolean, number: number): string {
  return `${realm}${channel ? "~" : "."}${number}`;
}

/** The name of the channel, for an id whose WebSocket has one. */
export function channelOf(id: string): string | undefined {
  return id.includes("~") ? `p2claw-${id}` : undefined;
}

/** Web Lock that a realm with WebSockets holds as long as it lives: nothing else shows its end. */
export function realmLock(id: string): string {
  return `p2claw-realm-${id.split(/[.~]/, 1)[0] ?? ""}`;
}
