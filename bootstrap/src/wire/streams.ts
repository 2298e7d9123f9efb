// The open streams of a session: each opened by a request, and read frame by frame until it is over.
// Source: docs/WIRE.md §4 to §6.

import { Code } from "./codes";
import type { SessionEvent } from "./events";
import { LocalFault, SessionFault, StreamFault } from "./faults";
import { FLAG_END, type Frame, FrameType, encodeFrame } from "./frame";
import {
  type RequestHead,
  decodeResponse,
  decodeTrailers,
  encodeRequest,
  hasNoBody,
} from "./heads";
import { FIRST_STREAMS, FIRST_WINDOW_BYTES, STREAM_ID_MAX } from "./limits";
import { readReset, readWindow, resetPayload, windowPayload } from "./payloads";
import type { Room } from "./room";
import type { Notice, Scheduler } from "./scheduler";
import { Stream } from "./stream";
import { ReceiveWindow } from "./window";

export class Streams {
  room?: Room; // in which windows grow, once it is there
  private readonly open = new Map<number, Stream>();
  private highest = 0; // id of the newest stream
  private peerWindowBytes = FIRST_WINDOW_BYTES;
  private peerStreams = FIRST_STREAMS;

  /** events: where what happens on the streams is put. */
  constructor(
    private readonly scheduler: Scheduler,
    private readonly events: SessionEvent[],
    private readonly windowBytes: number,
  ) {}

  get count(): number {
    return this.open.size;
  }

  /** How many more the box admits now. */
  get left(): number {
    return this.peerStreams - this.open.size;
  }

  /** The box's HELLO: how many streams it admits, and the window that each begins with. */
  admit(streams: number, windowBytes: number): void {
    const more = windowBytes - this.peerWindowBytes;
    this.peerWindowBytes = windowBytes;
    this.peerStreams = streams;
    for (const id of this.open.keys()) this.scheduler.credit(id, more);
  }

  /**
   * Open a stream. end: the request has no body.
   * Throws LocalFault `streams-exhausted`, `goaway`, `head-invalid`, `head-too-large`.
   */
  request(head: RequestHead, end: boolean): number {
    const id = this.highest === 0 ? 1 : this.highest + 2;
    if (id > STREAM_ID_MAX) throw new LocalFault("goaway");
    if (this.left <= 0) throw new LocalFault("streams-exhausted");
    const payload = encodeRequest(head);
    this.highest = id;
    this.open.set(id, new Stream(id, head.method, new ReceiveWindow(this.windowBytes, this)));
    this.scheduler.open(id, this.peerWindowBytes, head.urgency);
    this.scheduler.head(id, FrameType.REQUEST, payload, end);
    return id;
  }

  /** Queue body bytes, whole; false, and nothing, if the stream is over. */
  send(id: number, data: Uint8Array, end: boolean): boolean {
    if (!this.open.has(id)) return false;
    this.scheduler.push(id, data, end);
    return true;
  }

  /** The consumer has read n body bytes of a stream. */
  consumed(id: number, n: number, now?: number): void {
    const grant = this.open.get(id)?.consumed(n, now) ?? 0;
    if (grant) this.control(FrameType.WINDOW, id, windowPayload(grant));
  }

  /** End a stream early; nothing if it is over. */
  reset(id: number, code: Code, reason: string): void {
    const stream = this.open.get(id);
    if (!stream) return;
    // Without a REQUEST that has left, the box knows of no such stream.
    if (this.scheduler.started(id)) this.sendReset(id, code, reason);
    this.drop(stream);
  }

  /** What sending has brought about on a stream. */
  notice({ kind, stream: id }: Notice): void {
    const stream = this.open.get(id);
    if (!stream) return;
    if (kind === "writable") {
      this.events.push({ kind: "writable", stream: id });
    } else {
      stream.requestGone = true;
      this.settle(stream);
    }
  }

  /** A frame of the box on a stream. Throws SessionFault. */
  read(frame: Frame): void {
    const stream = this.open.get(frame.stream);
    if (stream && !this.scheduler.started(frame.stream)) {
      throw new SessionFault(`a frame on stream ${frame.stream}, whose REQUEST has not left`);
    }
    if (!stream) {
      // Ids rise. A stream that is not open and not above the highest is over: its frames are dropped.
      if (frame.stream % 2 === 1 && frame.stream <= this.highest) return;
      throw new SessionFault(`a frame on stream ${frame.stream}, which was never opened`);
    }
    try {
      this.readFrame(stream, frame);
    } catch (error) {
      if (!(error instanceof StreamFault)) throw error;
      this.sendReset(stream.id, error.code, error.message);
      this.lose(stream, error.code, error.message);
    }
  }

  /** The box processes none above this one. */
  refuseAbove(lastStream: number, reason: string): void {
    for (const stream of [...this.open.values()]) {
      if (stream.id > lastStream) this.lose(stream, Code.REFUSED, reason);
    }
  }

  /** The session has failed: nothing more is sent, and no event tells of each stream. */
  clear(): void {
    for (const id of this.open.keys()) this.scheduler.close(id);
    this.open.clear();
  }

  private readFrame(stream: Stream, { type, flags, payload }: Frame): void {
    switch (type) {
      case FrameType.DATA:
        this.readData(stream, flags, payload);
        return;
      case FrameType.RESPONSE:
        this.readResponse(stream, flags, payload);
        return;
      case FrameType.TRAILERS: {
        stream.advance(type, flags);
        const whole = stream.whole(flags, payload);
        if (!whole) return;
        this.events.push({ kind: "trailers", stream: stream.id, fields: decodeTrailers(whole) });
        this.settle(stream);
        return;
      }
      case FrameType.RESET: {
        const { code, reason } = readReset(payload);
        this.lose(stream, code, reason);
        return;
      }
      case FrameType.WINDOW:
        if (stream.response === "head")
          throw new SessionFault("WINDOW between the parts of a head");
        if (!this.scheduler.credit(stream.id, readWindow(payload))) {
          throw new StreamFault("credit above 2³¹−1 in all", Code.FLOW_CONTROL);
        }
        return;
      default:
        throw new SessionFault(`a frame of unknown type ${type}`);
    }
  }

  private readData(stream: Stream, flags: number, payload: Uint8Array): void {
    stream.advance(FrameType.DATA, flags);
    stream.window.received(payload.length);
    if (stream.bodiless && payload.length) {
      throw new StreamFault("DATA in a response that has none");
    }
    const end = (flags & FLAG_END) !== 0;
    this.events.push({ kind: "data", stream: stream.id, data: payload, end });
    this.settle(stream);
  }

  private readResponse(stream: Stream, flags: number, payload: Uint8Array): void {
    stream.advance(FrameType.RESPONSE, flags);
    const whole = stream.whole(flags, payload);
    if (!whole) return;
    const head = decodeResponse(whole);
    stream.bodiless = hasNoBody(stream.method, head.status);
    const end = stream.response === "ended";
    this.events.push({ kind: "response", stream: stream.id, head, end });
    this.settle(stream);
  }

  private settle(stream: Stream): void {
    if (stream.over) this.drop(stream);
  }

  private lose(stream: Stream, code: Code, reason: string): void {
    this.events.push({ kind: "reset", stream: stream.id, code, reason });
    this.drop(stream);
  }

  private drop(stream: Stream): void {
    this.scheduler.close(stream.id);
    this.open.delete(stream.id);
    stream.window.close();
    this.events.push({ kind: "closed", stream: stream.id });
  }

  private sendReset(id: number, code: Code, reason: string): void {
    this.control(FrameType.RESET, id, resetPayload(code, reason));
  }

  private control(type: number, id: number, payload: Uint8Array): void {
    this.scheduler.control(encodeFrame(type, 0, id, payload));
  }
}
