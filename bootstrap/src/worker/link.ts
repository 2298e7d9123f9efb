// One data channel and its session: messages in, events to the streams, messages out under the
// channel's high water. Which request goes over which link is `links`'.

import { Code } from "../wire/codes";
import type { SessionEvent } from "../wire/events";
import type { RequestHead } from "../wire/heads";
import { Session } from "../wire/session";

// Of what the browser buffers for the channel: low enough that a click is not queued behind a
// megabyte of upload, high enough to keep the path full between two events.
const HIGH_WATER_BYTES = 524_288;
const LOW_WATER_BYTES = 262_144;

// A request that hears nothing for a while asks whether anybody is there; with no answer the link is
// lost, well before ICE would say so.
const QUIET_MS = 2_500;
const PROBE_MS = 7_500;

type StreamEvent = Exclude<SessionEvent, { kind: "hello" | "pong" | "goaway" | "failed" }>;

/** Whoever runs one request on a stream. */
export interface StreamOwner {
  event(event: StreamEvent): void;
  /** The link is lost, and with it the stream. Nothing follows. */
  lost(): void;
}

export interface LinkOwner {
  opened(link: Link): void;
  /** More streams may be opened than before. */
  roomier(link: Link): void;
  goaway(link: Link, code: Code): void;
  lost(link: Link, code: Code, reason: string): void;
}

export class Link {
  private readonly session: Session;
  private readonly streams = new Map<number, StreamOwner>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private flushing = false;
  private heard = 0; // messages
  private probing = false;
  private opened = false;
  private over = false;
  private extensions: readonly string[] | undefined; // of the box
  private readonly curious: (() => void)[] = [];

  constructor(
    readonly id: number,
    app: string,
    software: string,
    private readonly channel: RTCDataChannel,
    private readonly owner: LinkOwner,
  ) {
    this.session = new Session(app, software);
    channel.binaryType = "arraybuffer";
    channel.bufferedAmountLowThreshold = LOW_WATER_BYTES;
    channel.onmessage = (event: MessageEvent<unknown>) => this.receive(event.data);
    channel.onbufferedamountlow = () => this.flush();
    channel.onclose = () => this.lose(Code.INTERNAL, "the channel closed");
    channel.onerror = () => this.lose(Code.INTERNAL, "the channel failed");
    channel.onopen = () => this.open();
    // It may have opened, or closed, on its way here. Not at once: the owner does not know us yet.
    queueMicrotask(() => {
      if (channel.readyState === "open") this.open();
      else if (channel.readyState !== "connecting") this.lose(Code.INTERNAL, "the channel closed");
    });
  }

  /** Streams that may be opened now. */
  get room(): number {
    return this.opened && !this.over ? this.session.streamsLeft : 0;
  }

  get openStreams(): number {
    return this.session.openStreams;
  }

  /** Open a stream for `owner`. Throws LocalFault. */
  request(head: RequestHead, end: boolean, owner: StreamOwner): number {
    const stream = this.session.openRequest(head, end);
    this.streams.set(stream, owner);
    this.flush();
    const { heard } = this;
    setTimeout(() => {
      if (this.heard === heard) this.probe();
    }, QUIET_MS);
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
    this.session.consumed(stream, bytes);
    this.flush();
  }

  reset(stream: number, code: Code): void {
    this.session.reset(stream, code);
    this.flush();
  }

  /** Find out soon whether the box is still there. */
  probe(): void {
    if (this.probing || this.over) return;
    this.probing = true;
    const { heard } = this;
    this.session.ping(performance.now());
    this.flush();
    setTimeout(() => {
      this.probing = false;
      if (this.heard === heard) this.lose(Code.TIMEOUT, "the box does not answer");
    }, PROBE_MS);
  }

  /** Give it up: its streams are told that it is lost. */
  drop(code: Code, reason: string): void {
    this.lose(code, reason);
  }

  private open(): void {
    if (this.over || this.opened) return;
    this.opened = true;
    this.owner.opened(this);
    this.flush();
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
    if (this.channel.readyState !== "open") return false;
    let wrote = false;
    while (this.channel.bufferedAmount < HIGH_WATER_BYTES) {
      const message = this.session.toSend(performance.now());
      if (!message) break;
      this.channel.send(message as Uint8Array<ArrayBuffer>);
      wrote = true;
    }
    return wrote;
  }

  private handle(event: SessionEvent): void {
    switch (event.kind) {
      case "hello":
        this.extensions = event.hello.extensions;
        this.owner.roomier(this);
        for (const then of this.curious.splice(0)) then();
        return;
      case "pong":
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

  // Not moved with every message: a timer that fires too early finds nothing to do.
  private arm(): void {
    if (this.timer !== undefined || this.over) return;
    const at = this.session.nextTimeout();
    if (at === undefined) return;
    const delayMs = Math.max(0, at - performance.now());
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.session.handleTimeout(performance.now());
      this.flush();
    }, delayMs);
  }

  private lose(code: Code, reason: string): void {
    if (this.over) return;
    this.over = true;
    clearTimeout(this.timer);
    const channel = this.channel;
    channel.onclose = channel.onerror = channel.onmessage = channel.onopen = null;
    channel.onbufferedamountlow = null;
    channel.close(); // what is buffered goes first, RFC 8831 §6.7
    this.owner.lost(this, code, reason);
    const owners = [...this.streams.values()];
    this.streams.clear();
    for (const owner of owners) owner.lost();
    for (const then of this.curious.splice(0)) then();
  }
}
