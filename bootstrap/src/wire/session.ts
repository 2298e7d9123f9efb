// A visitor's session over one link, sans-IO: messages and time in, events and messages out.
// Source: docs/WIRE.md §2 to §8. Who owns the channel, the timers and the bodies is not here.

import { Code } from "./codes";
import { Delivery } from "./delivery";
import type { SessionEvent } from "./events";
import { LocalFault, SessionFault } from "./faults";
import { FLAG_ACK, type Frame, FrameType, decodeMessage, encodeFrame } from "./frame";
import type { RequestHead } from "./heads";
import { RESUME, type Resumption, agree, decodeHello, encodeHello } from "./hello";
import { Keepalive } from "./keepalive";
import { LIMITS } from "./limits";
import { concat } from "./msgpack";
import { goawayPayload, readGoaway, readReceived } from "./payloads";
import type { Room } from "./room";
import { Scheduler } from "./scheduler";
import { Streams } from "./streams";

/** new: the box's HELLO has not been read. draining: no new streams. */
type State = "new" | "open" | "draining" | "failed";

const EXTENSIONS_FROM = 0x40;
const TYPE_AT = 2; // in a frame

export class Session {
  private state: State = "new";
  private readonly scheduler = new Scheduler();
  private readonly keepalive = new Keepalive();
  private readonly events: SessionEvent[] = [];
  private readonly streams: Streams;
  private readonly hello: Uint8Array;
  private readonly delivery: Delivery;
  private token: Uint8Array | undefined; // of the box, where the session can be resumed
  private silent = true; // no message has been handed out
  private lastMessage: Uint8Array | undefined; // of a failed session

  /**
   * Queues HELLO at once. software: at most 64 bytes. resumes: the session that the link is to carry
   * on, if any; then no request may be made before `resumed`.
   */
  constructor(
    app: string,
    software: string,
    windowBytes: number = LIMITS.windowBytes,
    private readonly resumes?: Resumption,
  ) {
    const hello = encodeHello(app, software, windowBytes, resumes);
    this.hello = encodeFrame(FrameType.HELLO, 0, 0, hello);
    this.delivery = new Delivery(resumes !== undefined);
    this.streams = new Streams(this.scheduler, this.events, windowBytes);
    this.scheduler.control(this.hello);
  }

  /** From now on windows tune themselves. */
  grow(room: Room): void {
    this.streams.room = room;
  }

  get failed(): boolean {
    return this.state === "failed";
  }

  get draining(): boolean {
    return this.state === "draining";
  }

  get openStreams(): number {
    return this.streams.count;
  }

  /** How many more streams the box admits now. */
  get streamsLeft(): number {
    return this.draining || this.failed ? 0 : this.streams.left;
  }

  /**
   * What another link needs to carry the session on. undefined: none can, or it is not known yet
   * whether this link carries an earlier session. Whoever uses it may pass no later message of this
   * link to `receive`.
   */
  get resumption(): Resumption | undefined {
    const { token, delivery } = this;
    if (!token || this.failed || delivery.quiet) return undefined;
    return { token, received: delivery.received };
  }

  /** Go on over another link; the box has received so many of our messages. */
  resume(received: number, nowMs: number): void {
    this.guarded(() => {
      this.delivery.resume(received);
      this.keepalive.received(nowMs);
    });
  }

  /** Read one message. Never throws for what the box sent: a breach becomes `failed`. */
  receive(message: Uint8Array, nowMs: number): void {
    if (this.failed) return;
    this.keepalive.received(nowMs);
    this.guarded(() => {
      if (this.token && message[TYPE_AT] === FrameType.RECEIVED) {
        this.readReceived(message);
        return;
      }
      this.delivery.countReceived(message.length, nowMs);
      for (const frame of decodeMessage(message)) this.read(frame, nowMs);
      if (this.scheduler.controlBytes > LIMITS.controlBytes) {
        throw new SessionFault("too much to respond to, and nothing of it is read", Code.LIMIT);
      }
    });
  }

  nextEvent(): SessionEvent | undefined {
    return this.events.shift();
  }

  /** The next message for the channel, or undefined if nothing may go. room: the channel has room for more than acknowledgements. */
  toSend(nowMs: number, room = true): Uint8Array | undefined {
    if (this.failed) {
      const last = this.lastMessage;
      this.lastMessage = undefined;
      return last;
    }
    this.keepalive.start(nowMs);
    const { delivery } = this;
    const once = delivery.acknowledgement(nowMs) ?? (room ? delivery.again() : undefined);
    if (once || delivery.full || !room) return once;
    const message = this.scheduler.nextMessage();
    if (message) {
      this.silent = false;
      delivery.keepSent(message);
    }
    for (const notice of this.scheduler.drainNotices()) this.streams.notice(notice);
    return message;
  }

  /** When `handleTimeout` should be called, in the time of `nowMs`. */
  nextTimeout(): number | undefined {
    if (this.failed) return undefined;
    const silence = this.keepalive.deadline();
    const due = this.delivery.deadline;
    return due === undefined ? silence : Math.min(due, silence ?? due);
  }

  handleTimeout(nowMs: number): void {
    if (this.failed) return;
    const silence = this.keepalive.check(nowMs);
    switch (silence) {
      case "nothing":
        return;
      case "ping":
        this.control(FrameType.PING, this.keepalive.nextPing(nowMs));
        return;
      case "lost":
        this.fail(Code.TIMEOUT, "nothing came from the box");
        return;
      default:
        silence satisfies never;
    }
  }

  /** Find out now whether the box is there: `pong` follows, or in the end `failed`. */
  ping(nowMs: number): void {
    if (!this.failed) this.control(FrameType.PING, this.keepalive.nextPing(nowMs));
  }

  /**
   * Open a stream. end: the request has no body.
   * Throws LocalFault `streams-exhausted`, `goaway`, `head-invalid`, `head-too-large`.
   */
  openRequest(head: RequestHead, end: boolean): number {
    if (this.draining || this.failed) throw new LocalFault("goaway");
    return this.streams.request(head, end);
  }

  /** Queue body bytes, whole; false, and nothing, if the stream is over. */
  sendData(stream: number, data: Uint8Array, end: boolean): boolean {
    return this.streams.send(stream, data, end);
  }

  /** The consumer has read n body bytes of a stream. */
  consumed(stream: number, n: number, now?: number): void {
    this.streams.consumed(stream, n, now);
  }

  /** End a stream early; nothing if it is over. */
  reset(stream: number, code: Code, reason = ""): void {
    this.streams.reset(stream, code, reason);
  }

  /** Open no more streams; those that are open go on. */
  goaway(code: Code, reason = ""): void {
    if (this.failed) return;
    this.state = "draining";
    // In version 1 a box opens no streams: the last of them that we process is 0.
    this.control(FrameType.GOAWAY, goawayPayload(0, code, reason));
  }

  /** To read or send a message has failed here, half way: nothing can go on from there. */
  fault(): void {
    if (!this.failed) this.fail(Code.INTERNAL, "a fault on this side");
  }

  /** Body bytes of a stream that toSend() has not handed out. */
  queued(stream: number): number {
    return this.scheduler.queued(stream);
  }

  // If the box breaches the protocol the session ends.
  private guarded(step: () => void): void {
    try {
      step();
    } catch (error) {
      if (!(error instanceof SessionFault)) throw error;
      this.fail(error.code, error.message);
    }
  }

  private readReceived(message: Uint8Array): void {
    const frames = decodeMessage(message);
    if (frames.length !== 1) throw new SessionFault("a RECEIVED that is not alone in its message");
    for (const { payload } of frames) this.delivery.acknowledged(readReceived(payload));
  }

  private readResumed(payload: Uint8Array): void {
    if (!payload.length) this.delivery.acknowledge();
    const received = payload.length ? readReceived(payload) : undefined;
    this.events.push({ kind: "resumed", received });
  }

  private read(frame: Frame, nowMs: number): void {
    const { type, flags, payload } = frame;
    if (this.state === "new") {
      if (type !== FrameType.HELLO) throw new SessionFault("a frame before HELLO");
      this.readHello(payload);
      return;
    }
    switch (type) {
      case FrameType.HELLO:
        throw new SessionFault("a second HELLO");
      case FrameType.PING:
        this.readPing(flags, payload, nowMs);
        return;
      case FrameType.GOAWAY:
        this.readGoaway(payload);
        return;
      case FrameType.REQUEST:
        throw new SessionFault("REQUEST from a box");
      case FrameType.RESUMED:
        if (this.resumes) this.readResumed(payload);
        return;
      default:
        if (type < EXTENSIONS_FROM) this.streams.read(frame);
    }
  }

  private readHello(payload: Uint8Array): void {
    const hello = decodeHello(payload);
    agree(hello);
    this.streams.admit(hello.streams, hello.windowBytes);
    this.state = "open";
    this.events.push({ kind: "hello", hello });
    if (hello.extensions.includes(RESUME)) this.token = hello.token;
    else this.delivery.stop();
    if (this.resumes && !this.token) this.events.push({ kind: "resumed", received: undefined });
  }

  private readPing(flags: number, payload: Uint8Array, nowMs: number): void {
    if (flags & FLAG_ACK) {
      const rttMs = this.keepalive.pong(payload, nowMs);
      if (rttMs === undefined) return;
      this.streams.room?.roundTrip(rttMs);
      this.events.push({ kind: "pong", rttMs });
    } else if (this.keepalive.mayAcknowledge(nowMs)) {
      this.scheduler.control(encodeFrame(FrameType.PING, FLAG_ACK, 0, payload), !this.silent);
    }
  }

  private readGoaway(payload: Uint8Array): void {
    const { lastStream, code, reason } = readGoaway(payload);
    this.state = "draining";
    this.events.push({ kind: "goaway", lastStream, code, reason });
    this.streams.refuseAbove(lastStream, reason);
  }

  private fail(code: Code, reason: string): void {
    this.state = "failed";
    const goaway = encodeFrame(FrameType.GOAWAY, 0, 0, goawayPayload(0, code, reason));
    this.lastMessage = this.silent ? concat([this.hello, goaway]) : goaway;
    this.streams.clear();
    this.events.push({ kind: "failed", code, reason });
  }

  private control(type: number, payload: Uint8Array): void {
    this.scheduler.control(encodeFrame(type, 0, 0, payload));
  }
}
