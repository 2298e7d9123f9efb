// A visitor's session over one link, sans-IO: messages and time in, events and messages out.
// Source: docs/WIRE.md §2 to §8. Who owns the channel, the timers and the bodies is not here.

import { Code } from "./codes";
import { Delivery } from "./delivery";
import type { SessionEvent } from "./events";
import { Exchange } from "./exchange";
import { LocalFault, SessionFault, StreamFault } from "./faults";
import { FLAG_ACK, FLAG_END, type Frame, FrameType, decodeMessage, encodeFrame } from "./frame";
import {
  type RequestHead,
  decodeResponse,
  decodeTrailers,
  encodeRequest,
  hasNoBody,
} from "./heads";
import { RESUME, type Resumption, agree, decodeHello, encodeHello } from "./hello";
import { Keepalive } from "./keepalive";
import { FIRST_STREAMS, FIRST_WINDOW_BYTES, LIMITS, STREAM_ID_MAX } from "./limits";
import { concat } from "./msgpack";
import {
  goawayPayload,
  readGoaway,
  readReceived,
  readReset,
  readWindow,
  resetPayload,
  windowPayload,
} from "./payloads";
import { Scheduler } from "./scheduler";

/** new: the box's HELLO has not been read. draining: no new streams. */
type State = "new" | "open" | "draining" | "failed";

const EXTENSIONS_FROM = 0x40;
const TYPE_AT = 2; // in a frame

export class Session {
  private state: State = "new";
  private readonly exchanges = new Map<number, Exchange>();
  private readonly scheduler = new Scheduler();
  private readonly keepalive = new Keepalive();
  private readonly events: SessionEvent[] = [];
  private readonly hello: Uint8Array;
  private readonly delivery: Delivery;
  private token: Uint8Array | undefined; // of the box, where the session can be resumed
  private readonly room = { left: 2 * LIMITS.windowMost }; // that all windows may grow by
  private silent = true; // no message has been handed out
  private lastWords: Uint8Array | undefined; // of a failed session
  private highest = 0; // id of the newest stream
  private peerWindowBytes = FIRST_WINDOW_BYTES;
  private peerStreams = FIRST_STREAMS;

  /**
   * HELLO is queued at once. software: at most 64 bytes. resumes: what the link is to carry on; make
   * no requests before `resumed` then.
   */
  constructor(
    app: string,
    software: string,
    private readonly windowBytes: number = LIMITS.windowBytes,
    private readonly resumes?: Resumption,
  ) {
    const hello = encodeHello(app, software, windowBytes, resumes);
    this.hello = encodeFrame(FrameType.HELLO, 0, 0, hello);
    this.delivery = new Delivery(resumes !== undefined);
    this.scheduler.control(this.hello);
  }

  get failed(): boolean {
    return this.state === "failed";
  }

  get draining(): boolean {
    return this.state === "draining";
  }

  get openStreams(): number {
    return this.exchanges.size;
  }

  /** How many more streams the box takes now. */
  get streamsLeft(): number {
    return this.draining || this.failed ? 0 : this.peerStreams - this.exchanges.size;
  }

  /**
   * What to say on another link that is to carry this session on; undefined: it cannot, or it is not
   * known yet whether this one carries an earlier session. From then on no message of this link may
   * be given to `receive`.
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
      this.keepalive.heard(nowMs);
    });
  }

  /** Read one message. Never throws for what the box sent: a breach becomes `failed`. */
  receive(message: Uint8Array, nowMs: number): void {
    if (this.failed) return;
    this.keepalive.heard(nowMs);
    this.guarded(() => {
      if (this.token && message[TYPE_AT] === FrameType.RECEIVED) {
        this.readReceived(message);
        return;
      }
      this.delivery.took(message.length, nowMs);
      for (const frame of decodeMessage(message)) this.read(frame, nowMs);
      if (this.scheduler.controlBytes > LIMITS.controlBytes) {
        throw new SessionFault("too much to answer, and nothing of it is read", Code.LIMIT);
      }
    });
  }

  nextEvent(): SessionEvent | undefined {
    return this.events.shift();
  }

  /** The next message for the channel, or undefined where nothing may go. */
  toSend(nowMs: number, room = true): Uint8Array | undefined {
    if (this.failed) {
      const words = this.lastWords;
      this.lastWords = undefined;
      return words;
    }
    this.keepalive.start(nowMs);
    const { delivery } = this;
    const once = delivery.acknowledgement(nowMs) ?? (room ? delivery.again() : undefined);
    if (once || delivery.full || !room) return once;
    const message = this.scheduler.nextMessage();
    if (message) {
      this.silent = false;
      delivery.gave(message);
    }
    for (const { kind, stream } of this.scheduler.takeNotices()) {
      const exchange = this.exchanges.get(stream);
      if (!exchange) continue;
      if (kind === "writable") {
        this.events.push({ kind: "writable", stream });
      } else {
        exchange.requestGone = true;
        this.settle(exchange);
      }
    }
    return message;
  }

  /** When `handleTimeout` should be called, in the time of `nowMs`. */
  nextTimeout(): number | undefined {
    if (this.failed) return undefined;
    const silence = this.keepalive.deadline();
    const say = this.delivery.deadline;
    return say === undefined ? silence : Math.min(say, silence ?? say);
  }

  handleTimeout(nowMs: number): void {
    if (this.failed) return;
    const silence = this.keepalive.check(nowMs);
    switch (silence) {
      case "nothing":
        return;
      case "ping":
        this.control(FrameType.PING, 0, 0, this.keepalive.nextPing(nowMs));
        return;
      case "lost":
        this.fail(Code.TIMEOUT, "nothing was heard of the box");
        return;
      default:
        silence satisfies never;
    }
  }

  /** Ask now whether the box is there: its answer is a `pong`, its silence ends the session. */
  ping(nowMs: number): void {
    if (!this.failed) this.control(FrameType.PING, 0, 0, this.keepalive.nextPing(nowMs));
  }

  /**
   * Open a stream. end: the request has no body.
   * Throws LocalFault `streams-exhausted`, `goaway`, `head-invalid`, `head-too-large`.
   */
  openRequest(head: RequestHead, end: boolean): number {
    if (this.draining || this.failed) throw new LocalFault("goaway");
    const id = this.highest === 0 ? 1 : this.highest + 2;
    if (id > STREAM_ID_MAX) throw new LocalFault("goaway");
    if (this.exchanges.size >= this.peerStreams) throw new LocalFault("streams-exhausted");
    const payload = encodeRequest(head);
    this.highest = id;
    this.exchanges.set(id, new Exchange(id, head.method, this.windowBytes, this.room));
    this.scheduler.open(id, this.peerWindowBytes, head.urgency);
    this.scheduler.head(id, FrameType.REQUEST, payload, end);
    return id;
  }

  /** Queue body bytes, whole; false, and nothing, where the stream is over. */
  sendData(stream: number, data: Uint8Array, end: boolean): boolean {
    if (!this.exchanges.has(stream)) return false;
    this.scheduler.push(stream, data, end);
    return true;
  }

  /** The consumer has read n body bytes of a stream. */
  consumed(stream: number, n: number, now?: number): void {
    const grant = this.exchanges.get(stream)?.consumed(n, now) ?? 0;
    if (grant) this.control(FrameType.WINDOW, 0, stream, windowPayload(grant));
  }

  /** End a stream early; nothing where it is over. */
  reset(stream: number, code: Code, reason = ""): void {
    const exchange = this.exchanges.get(stream);
    if (!exchange) return;
    // A REQUEST that has not left: the box knows of no such stream.
    if (this.scheduler.started(stream)) this.sendReset(stream, code, reason);
    this.drop(exchange);
  }

  /** Open no more streams; those that are open go on. */
  goaway(code: Code, reason = ""): void {
    if (this.failed) return;
    this.state = "draining";
    // A box opens no streams in version 1: the last one of its that we process is 0.
    this.control(FrameType.GOAWAY, 0, 0, goawayPayload(0, code, reason));
  }

  /** Body bytes of a stream that toSend() has not handed out. */
  queued(stream: number): number {
    return this.scheduler.queued(stream);
  }

  // A breach of the box's ends the session.
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
    if (!payload.length) this.delivery.speak();
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
        if (type < EXTENSIONS_FROM) this.readStream(frame);
    }
  }

  private readHello(payload: Uint8Array): void {
    const hello = decodeHello(payload);
    agree(hello);
    const more = hello.windowBytes - this.peerWindowBytes;
    this.peerWindowBytes = hello.windowBytes;
    this.peerStreams = hello.streams;
    for (const id of this.exchanges.keys()) this.scheduler.credit(id, more);
    this.state = "open";
    this.events.push({ kind: "hello", hello });
    if (hello.extensions.includes(RESUME)) this.token = hello.token;
    else this.delivery.stop();
    if (this.resumes && !this.token) this.events.push({ kind: "resumed", received: undefined });
  }

  private readPing(flags: number, payload: Uint8Array, nowMs: number): void {
    if (flags & FLAG_ACK) {
      const rttMs = this.keepalive.pong(payload, nowMs);
      if (rttMs !== undefined) this.events.push({ kind: "pong", rttMs });
    } else if (this.keepalive.mayAnswer(nowMs)) {
      this.scheduler.control(encodeFrame(FrameType.PING, FLAG_ACK, 0, payload), !this.silent);
    }
  }

  private readGoaway(payload: Uint8Array): void {
    const { lastStream, code, reason } = readGoaway(payload);
    this.state = "draining";
    this.events.push({ kind: "goaway", lastStream, code, reason });
    for (const exchange of [...this.exchanges.values()]) {
      if (exchange.id > lastStream) this.lose(exchange, Code.REFUSED, reason);
    }
  }

  private readStream(frame: Frame): void {
    const exchange = this.exchanges.get(frame.stream);
    if (exchange && !this.scheduler.started(frame.stream)) {
      throw new SessionFault(`a frame on stream ${frame.stream}, whose REQUEST has not left`);
    }
    if (!exchange) {
      // Ids rise: what is not open and not above the highest is over, and its frames are dropped.
      if (frame.stream % 2 === 1 && frame.stream <= this.highest) return;
      throw new SessionFault(`a frame on stream ${frame.stream}, which was never opened`);
    }
    try {
      this.readExchange(exchange, frame);
    } catch (error) {
      if (!(error instanceof StreamFault)) throw error;
      this.sendReset(exchange.id, error.code, error.message);
      this.lose(exchange, error.code, error.message);
    }
  }

  private readExchange(exchange: Exchange, { type, flags, stream, payload }: Frame): void {
    switch (type) {
      case FrameType.DATA:
        this.readData(exchange, flags, payload);
        return;
      case FrameType.RESPONSE:
        this.readResponse(exchange, flags, payload);
        return;
      case FrameType.TRAILERS: {
        exchange.advance(type, flags);
        const whole = exchange.whole(flags, payload);
        if (!whole) return;
        this.events.push({ kind: "trailers", stream, fields: decodeTrailers(whole) });
        this.settle(exchange);
        return;
      }
      case FrameType.RESET: {
        const { code, reason } = readReset(payload);
        this.lose(exchange, code, reason);
        return;
      }
      case FrameType.WINDOW:
        if (exchange.answer === "head")
          throw new SessionFault("WINDOW between the parts of a head");
        if (!this.scheduler.credit(stream, readWindow(payload))) {
          throw new StreamFault("credit above 2³¹−1 in all", Code.FLOW_CONTROL);
        }
        return;
      default:
        throw new SessionFault(`a frame of unknown type ${type}`);
    }
  }

  private readData(exchange: Exchange, flags: number, payload: Uint8Array): void {
    exchange.advance(FrameType.DATA, flags);
    exchange.received(payload.length);
    if (exchange.bodiless && payload.length) {
      throw new StreamFault("DATA in a response that has none");
    }
    const end = (flags & FLAG_END) !== 0;
    this.events.push({ kind: "data", stream: exchange.id, data: payload, end });
    this.settle(exchange);
  }

  private readResponse(exchange: Exchange, flags: number, payload: Uint8Array): void {
    exchange.advance(FrameType.RESPONSE, flags);
    const whole = exchange.whole(flags, payload);
    if (!whole) return;
    const head = decodeResponse(whole);
    exchange.bodiless = hasNoBody(exchange.method, head.status);
    const end = exchange.answer === "ended";
    this.events.push({ kind: "response", stream: exchange.id, head, end });
    this.settle(exchange);
  }

  private settle(exchange: Exchange): void {
    if (exchange.over) this.drop(exchange);
  }

  private lose(exchange: Exchange, code: Code, reason: string): void {
    this.events.push({ kind: "reset", stream: exchange.id, code, reason });
    this.drop(exchange);
  }

  private drop(exchange: Exchange): void {
    this.scheduler.close(exchange.id);
    this.exchanges.delete(exchange.id);
    exchange.close();
    this.events.push({ kind: "closed", stream: exchange.id });
  }

  private fail(code: Code, reason: string): void {
    this.state = "failed";
    const goaway = encodeFrame(FrameType.GOAWAY, 0, 0, goawayPayload(0, code, reason));
    this.lastWords = this.silent ? concat([this.hello, goaway]) : goaway;
    for (const id of this.exchanges.keys()) this.scheduler.close(id);
    this.exchanges.clear();
    this.events.push({ kind: "failed", code, reason });
  }

  private sendReset(stream: number, code: Code, reason: string): void {
    this.control(FrameType.RESET, 0, stream, resetPayload(code, reason));
  }

  private control(type: number, flags: number, stream: number, payload: Uint8Array): void {
    this.scheduler.control(encodeFrame(type, flags, stream, payload));
  }
}
