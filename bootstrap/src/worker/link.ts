// A session and the channel that carries it: messages in, events to the streams, messages out under
// the channel's high water. A channel that is lost, or silent beyond its pace, is followed by another
// (docs/WIRE.md §15). Which request goes over which link is the dispatcher's.

import { Code } from "../wire/codes";
import type { SessionEvent } from "../wire/events";
import type { RequestHead } from "../wire/heads";
import type { Resumption } from "../wire/hello";
import { LOOK_MS, Pace } from "../wire/pace";
import type { Session } from "../wire/session";

// Of what the browser buffers for the channel: low enough that a click is not queued behind a
// megabyte of upload, high enough to keep the path full between two events.
const HIGH_WATER_BYTES = 524_288;
const LOW_WATER_BYTES = 262_144;

// How long a session whose path is lost or silent waits for another link to carry it on.
const RESUME_MS = 30_000;
// The same, where the box can carry no session on.
const SILENT_MS = 7_500;

type StreamEvent = Exclude<
  SessionEvent,
  { kind: "hello" | "pong" | "goaway" | "resumed" | "failed" }
>;

/** Whoever runs one request on a stream. */
export interface StreamOwner {
  event(event: StreamEvent): void;
  /** The link is lost, and with it the stream. Nothing follows. */
  lost(): void;
}

export interface LinkOwner {
  /** More streams may be opened than before. */
  roomier(link: Link): void;
  goaway(link: Link, code: Code): void;
  lost(link: Link, code: Code, reason: string): void;
  /** Its path is lost, or silent beyond its pace. */
  suspect(link: Link): void;
  /** It is heard of again. */
  fine(link: Link): void;
  /** Whether it carries an earlier session on, and how many messages of that the box has. */
  resumed(link: Link, received: number | undefined): void;
  /** Where in the box the session is. */
  placed(place: number | undefined): void;
}

export class Link {
  private readonly streams = new Map<number, StreamOwner>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private timerMs = 0; // when it fires
  private flushing = false;
  private heard = 0; // messages
  private readonly pace = new Pace();
  private looking: ReturnType<typeof setTimeout> | undefined;
  private waiting: ReturnType<typeof setTimeout> | undefined; // for another channel
  private channel: RTCDataChannel | undefined;
  private over = false;
  private extensions: readonly string[] | undefined; // of the box
  private readonly curious: (() => void)[] = [];

  /** channel: open. */
  constructor(
    public id: number,
    private readonly session: Session,
    channel: RTCDataChannel,
    private readonly owner: LinkOwner,
  ) {
    this.attach(channel);
    // Not at once: the owner does not know us yet.
    queueMicrotask(() => this.flush());
  }

  /** Streams that may be opened now. */
  get room(): number {
    return this.over ? 0 : this.session.streamsLeft;
  }

  get openStreams(): number {
    return this.session.openStreams;
  }

  /** Open a stream for `owner`. Throws LocalFault. */
  request(head: RequestHead, end: boolean, owner: StreamOwner): number {
    const stream = this.session.openRequest(head, end);
    this.streams.set(stream, owner);
    if (!this.looking && this.pace.begin(performance.now()) === "ping") this.ping();
    this.watch();
    this.flush();
    return stream;
  }

  send(stream: number, data: Uint8Array, end: boolean): void {
    this.session.sendData(stream, data, end);
    this.flush();
  }

  /** From now on what happens on a stream is told to another owner. */
  give(stream: number, owner: StreamOwner): void {
    if (this.streams.has(stream)) this.streams.set(stream, owner);
  }

  /** Whether the box speaks an extension; undefined before it has introduced itself. */
  speaks(extension: string): boolean | undefined {
    return this.extensions?.includes(extension);
  }

  /** Called once the box has introduced itself, or never will. */
  introduced(then: () => void): void {
    if (this.extensions || this.over) then();
    else this.curious.push(then);
  }

  queued(stream: number): number {
    return this.session.queued(stream);
  }

  consumed(stream: number, bytes: number): void {
    this.session.consumed(stream, bytes, performance.now());
    this.flush();
  }

  reset(stream: number, code: Code): void {
    this.session.reset(stream, code);
    this.flush();
  }

  /** Find out at once whether the box is still there. */
  probe(): void {
    if (this.over || !this.channel) return;
    this.pace.doubt(performance.now());
    this.ping();
    this.watch();
  }

  get resumable(): boolean {
    return !this.over && this.session.resumption !== undefined;
  }

  /** Hear nothing more on this channel, for the box is told on another one what has come. */
  freeze(): Resumption | undefined {
    const { resumption } = this.session;
    if (this.over || !resumption) return undefined;
    this.detach();
    this.wait();
    return resumption;
  }

  /** The channel carries an earlier session: give it away, and end. */
  handOver(): RTCDataChannel | undefined {
    const { channel } = this;
    this.detach();
    this.over = true;
    clearTimeout(this.timer);
    return channel;
  }

  /** Go on over another channel. received: how many of our messages the box has. */
  adopt(id: number, channel: RTCDataChannel, received: number): void {
    this.id = id;
    clearTimeout(this.waiting);
    this.waiting = undefined;
    this.attach(channel);
    this.pace.renewed(performance.now());
    this.session.resume(received, performance.now());
    this.flush();
  }

  /** Give it up: its streams are told that it is lost. */
  drop(code: Code, reason: string): void {
    this.lose(code, reason);
  }

  private attach(channel: RTCDataChannel): void {
    this.channel = channel;
    channel.bufferedAmountLowThreshold = LOW_WATER_BYTES;
    channel.onmessage = (event: MessageEvent<unknown>) => this.receive(event.data);
    channel.onbufferedamountlow = () => this.flush();
    channel.onclose = () => this.cut("the channel closed");
    channel.onerror = () => this.cut("the channel failed");
  }

  private detach(): void {
    const { channel } = this;
    if (channel) channel.onclose = channel.onerror = channel.onmessage = null;
    if (channel) channel.onbufferedamountlow = null;
    this.channel = undefined;
  }

  private cut(reason: string): void {
    if (this.session.draining || !this.freeze()) this.lose(Code.INTERNAL, reason);
  }

  private ping(): void {
    this.session.ping(performance.now());
    this.flush();
  }

  private watch(): void {
    if (this.over) return;
    this.looking ??= setTimeout(() => {
      this.looking = undefined;
      this.look();
    }, LOOK_MS);
  }

  private look(): void {
    if (this.over || !this.channel) return;
    const doubt = this.pace.look(this.heard, performance.now());
    if (doubt === "ping") this.ping();
    if (doubt === "suspect") this.wait();
    else if (this.waiting) this.hear();
    if (doubt !== "nothing" || this.session.openStreams || this.pace.doubts) this.watch();
  }

  // For another channel, or to be heard of again.
  private wait(): void {
    if (this.waiting) return;
    const mostMs = this.session.resumption ? RESUME_MS : SILENT_MS;
    this.waiting = setTimeout(() => this.lose(Code.TIMEOUT, "the box does not answer"), mostMs);
    this.owner.suspect(this);
  }

  private hear(): void {
    clearTimeout(this.waiting);
    this.waiting = undefined;
    this.owner.fine(this);
  }

  private receive(data: unknown): void {
    if (this.over) return;
    if (!(data instanceof ArrayBuffer)) {
      this.lose(Code.PROTOCOL, "a message that is not binary");
      return;
    }
    this.heard += 1;
    this.session.receive(new Uint8Array(data), performance.now());
    this.flush();
  }

  // One input, then drain: events may make requests, which flush again, so the loop is not nested.
  private flush(): void {
    if (this.flushing || this.over) return;
    this.flushing = true;
    for (;;) {
      this.dispatch();
      if (!this.write()) break;
    }
    this.flushing = false;
    this.arm();
  }

  private dispatch(): void {
    for (let event = this.session.nextEvent(); event; event = this.session.nextEvent()) {
      this.handle(event);
    }
  }

  private write(): boolean {
    const { channel } = this;
    if (channel?.readyState !== "open") return false;
    let wrote = false;
    for (;;) {
      const room = channel.bufferedAmount < HIGH_WATER_BYTES;
      const message = this.session.toSend(performance.now(), room);
      if (!message) break;
      channel.send(message as Uint8Array<ArrayBuffer>);
      wrote = true;
    }
    return wrote;
  }

  private handle(event: SessionEvent): void {
    switch (event.kind) {
      case "hello":
        this.extensions = event.hello.extensions;
        this.owner.placed(event.hello.place);
        this.owner.roomier(this);
        for (const then of this.curious.splice(0)) then();
        return;
      case "pong":
        this.pace.pong(event.rttMs, performance.now());
        return;
      case "resumed":
        this.owner.resumed(this, event.received);
        return;
      case "goaway":
        this.owner.goaway(this, event.code);
        return;
      case "failed":
        this.write();
        this.lose(event.code, event.reason);
        return;
      case "closed": {
        const owner = this.streams.get(event.stream);
        this.streams.delete(event.stream);
        owner?.event(event);
        this.owner.roomier(this);
        return;
      }
      case "response":
      case "data":
      case "trailers":
      case "reset":
      case "writable":
        this.streams.get(event.stream)?.event(event);
        return;
      default:
        event satisfies never;
    }
  }

  // A deadline that moved away does not touch the timer, which then finds nothing to do.
  private arm(): void {
    const at = this.session.nextTimeout();
    if (at === undefined || this.over || !this.channel) return;
    if (this.timer !== undefined && this.timerMs <= at) return;
    clearTimeout(this.timer);
    this.timerMs = at;
    this.timer = setTimeout(
      () => {
        this.timer = undefined;
        this.session.handleTimeout(performance.now());
        this.flush();
      },
      Math.max(0, at - performance.now()),
    );
  }

  private lose(code: Code, reason: string): void {
    if (this.over) return;
    this.over = true;
    clearTimeout(this.timer);
    clearTimeout(this.waiting);
    const { channel } = this;
    this.detach();
    channel?.close(); // what is buffered goes first, RFC 8831 §6.7
    this.owner.lost(this, code, reason);
    const owners = [...this.streams.values()];
    this.streams.clear();
    for (const owner of owners) owner.lost();
    for (const then of this.curious.splice(0)) then();
  }
}
