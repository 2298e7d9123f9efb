// The messages of the WebSockets of one page or worker, to and from the channel worker. For pages it runs
// in the shell's window: what these get to see is made by classes of their own.

import {
  ABNORMAL,
  CLOSED,
  CONNECTING,
  OPEN,
  type OpenSocket,
  type SocketFace,
  type SocketRealm,
  type SocketTraffic,
} from "../messages/app-socket";
import type { WorkerToSocket } from "../messages/socket";
import { type Accepted, Opening, type SocketOwner, type SocketPlace } from "./socket-opening";

const NO_STATUS = 1005;

/** own: the globals of that page or worker. */
export function socketsOf(own: typeof globalThis, realm: SocketRealm): OpenSocket {
  const place = { ...realm, own, name: crypto.randomUUID(), count: 0, held: undefined };
  return (face) => new Traffic(face, place);
}

class Traffic implements SocketTraffic, SocketOwner {
  private parts: Uint8Array<ArrayBuffer>[] = [];
  private readonly opening: Opening;
  private readonly origin: string;

  constructor(
    private readonly face: SocketFace,
    private readonly place: SocketPlace,
  ) {
    this.origin = new URL(face.url).origin;
    this.opening = new Opening(place, this);
    void this.opening.start(face.request, face.protocols.join(", "));
  }

  send(message: unknown): void {
    const { face, opening } = this;
    const { Blob } = this.place.own;
    const data = message instanceof Blob ? message : this.bytesOf(message);
    face.bufferedAmount += data instanceof Blob ? data.size : data.length;
    if (face.readyState !== OPEN) return;
    const text = !(data instanceof Blob) && !this.isBytes(message);
    if (data instanceof Blob) opening.post({ kind: "message", text, data });
    else opening.post({ kind: "message", text, data }, data.buffer);
  }

  close(code: number | undefined, reason: string): void {
    this.opening.post({ kind: "close", code, reason });
  }

  stop(): void {
    this.opening.stop();
  }

  drop(): void {
    this.opening.drop();
  }

  opened({ protocol, extensions }: Accepted): void {
    const { face, place } = this;
    const refused = place.strict && face.protocols.length && !protocol;
    if (face.readyState !== CONNECTING || refused) {
      // Closed while it was being opened, or not as asked: the app sees one that ends at once.
      this.close(1001, "");
      face.failed();
      return;
    }
    face.readyState = OPEN;
    face.protocol = protocol;
    face.extensions = extensions;
    face.target.dispatchEvent(new place.own.Event("open"));
  }

  receive(message: WorkerToSocket): void {
    const { face } = this;
    if (face.readyState === CLOSED) return;
    switch (message.kind) {
      case "part":
        this.opening.post({ kind: "read", bytes: message.bytes.length });
        this.parts.push(message.bytes);
        if (message.final) this.deliver(message.text);
        return;
      case "sent":
        face.bufferedAmount -= message.bytes;
        return;
      case "closed":
        face.ended(message.code ?? NO_STATUS, message.reason, true);
        return;
      case "lost":
        if (message.failed) face.failed();
        else face.ended(ABNORMAL, "", false);
        return;
      default:
        message satisfies never;
    }
  }

  failed(): void {
    this.face.failed();
  }

  private deliver(text: boolean): void {
    const { parts, face, origin } = this;
    const { Blob, MessageEvent } = this.place.own;
    this.parts = [];
    if (face.readyState !== OPEN) return;
    const data = text
      ? decoded(parts)
      : face.binaryType === "blob"
        ? new Blob(parts)
        : this.joined(parts).buffer;
    face.target.dispatchEvent(new MessageEvent("message", { data, origin }));
  }

  private isBytes(data: unknown): data is ArrayBuffer | ArrayBufferView {
    return data instanceof this.place.own.ArrayBuffer || ArrayBuffer.isView(data);
  }

  // A copy: the app may go on with what it passed.
  private bytesOf(data: unknown): Uint8Array<ArrayBuffer> {
    const { ArrayBuffer, String } = this.place.own;
    if (data instanceof ArrayBuffer) return new Uint8Array(data.slice(0));
    if (!ArrayBuffer.isView(data)) return new TextEncoder().encode(String(data));
    return new Uint8Array(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }

  private joined(parts: Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
    const [only] = parts;
    if (only && parts.length === 1) return only;
    const size = parts.reduce((sum, part) => sum + part.length, 0);
    const whole = new this.place.own.Uint8Array(size);
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }
}

function decoded(parts: Uint8Array[]): string {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  return parts.map((part) => decoder.decode(part, { stream: true })).join("") + decoder.decode();
}
