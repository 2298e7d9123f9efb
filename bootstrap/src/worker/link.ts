// A session and the channel that carries it: messages in, events to the streams, messages out. A
// channel that is lost, or silent beyond its pace, is followed by another (docs/WIRE.md §15). One that
// fails half way through anything is over. Which request goes over which link is the dispatcher's.

import { Code } from "../wire/codes";
import type { SessionEvent } from "../wire/events";
import { LocalFault } from "../wire/faults";
import type { RequestHead } from "../wire/heads";
import type { Resumption } from "../wire/hello";
import type { Room } from "../wire/room";
import type { Session } from "../wire/session";
import { Channel } from "./channel";
import type { PathWatch, PathWatchOwner } from "./path-watch";
import type { StreamOwner } from "./stream-owner";
import { Timer } from "./timer";

export interface LinkOwner {
  /** More streams may be opened than before. */
  roomier(link: Link): void;
  goaway(link: Link, code: Code): void;
  lost(link: Link, code: Code, reason: string): void;
  /** Its path is lost, or silent beyond its pace. */
  suspect(link: Link): void;
  /** Messages come on it again. */
  fine(link: Link): void;
  /**
   * The box has said whether this link carries an earlier session on. received: how many messages of
   * that session it has; undefined: it does not.
   */
  resumed(link: Link, received: number | undefined): void;
  /** Where in the box the session is. */
  placed(place: number | undefined): void;
}

export class Link implements PathWatchOwner {
  private readonly streams = new Map<number, StreamOwner>();
  private readonly timer = new Timer(() =>
    this.flush(() => this.session.handleTimeout(performance.now())),
  );
  private flushing = false;
  private path: PathWatch | undefined; // comes when the link is open already
  channel: Channel | undefined;
  private over = false;
  private extensions: readonly string[] | undefined; // of the box
  private readonly introductions: (() => void)[] = []; // that wait for HELLO

  /** channel: open. */
  constructor(
    public id: number,
    private readonly session: Session,
    channel: RTCDataChannel,
    private readonly owner: LinkOwner,
  ) {
    this.attach(channel);
    // Not at once: the owner does not know this link yet.
    queueMicrotask(() => this.flush());
  }

  /**
   * From now on its path is watched, and its windows grow: until then a link that is cut is lost. Not
   * before requests may go over it: who doubts it, or trusts it again, would have it used.
   */
  watch(part: { PathWatch: typeof PathWatch; Room: typeof Room }): void {
    if (this.path || this.over) return;
    this.path = new part.PathWatch(this);
    this.session.grow(new part.Room());
    if (this.openStreams) this.path.begin();
  }

  /** Streams that may be opened now. */
  get room(): number {
    return this.over || this.path?.slept() ? 0 : this.session.streamsLeft;
  }

  get openStreams(): number {
    return this.session.openStreams;
  }

  /** Open a stream for `owner`. undefined: that failed, and the link is lost. Throws LocalFault. */
  request(head: RequestHead, end: boolean, owner: StreamOwner): number | undefined {
    try {
      const stream = this.session.openRequest(head, end);
      this.streams.set(stream, owner);
      // Not at once: the owner does not know its stream yet.
      queueMicrotask(() => this.flush(() => this.path?.begin()));
      return stream;
    } catch (error) {
      if (error instanceof LocalFault) throw error;
      this.fault(error);
      return undefined;
    }
  }

  send(stream: number, data: Uint8Array, end: boolean): void {
    this.flush(() => this.session.sendData(stream, data, end));
  }

  /** From now on the events of a stream go to another owner. */
  handStream(stream: number, owner: StreamOwner): void {
    if (this.streams.has(stream)) this.streams.set(stream, owner);
  }

  /** Whether the box speaks an extension; undefined before it has introduced itself. */
  speaks(extension: string): boolean | undefined {
    return this.extensions?.includes(extension);
  }

  /** Called once the box has introduced itself, or never will. */
  introduced(then: () => void): void {
    if (this.extensions || this.over) then();
    else this.introductions.push(then);
  }

  queued(stream: number): number {
    return this.session.queued(stream);
  }

  consumed(stream: number, bytes: number): void {
    this.flush(() => this.session.consumed(stream, bytes, performance.now()));
  }

  /** Nothing of the stream comes any more. */
  reset(stream: number, code: Code): void {
    this.remove(stream);
    this.flush(() => this.session.reset(stream, code));
  }

  /** Find out at once whether the box is still there. */
  probe(): void {
    if (this.connected) this.path?.probe();
  }

  get connected(): boolean {
    return !this.over && this.channel !== undefined;
  }

  get resumable(): boolean {
    return !this.over && this.session.resumption !== undefined;
  }

  /** Read nothing more of this channel: what has come so far is reported to the box on another one. */
  freeze(): Resumption | undefined {
    const { resumption } = this.session;
    if (this.over || !resumption || !this.path) return undefined;
    this.detach();
    this.path.wait();
    return resumption;
  }

  /** The channel is to carry an earlier session: return it, and end this link. */
  handOver(): RTCDataChannel | undefined {
    const channel = this.detach();
    this.end();
    return channel;
  }

  /** Go on over another channel. received: how many of our messages the box has. */
  adopt(id: number, channel: RTCDataChannel, received: number): void {
    this.id = id;
    this.attach(channel);
    this.flush(() => {
      this.session.resume(received, performance.now());
      this.path?.renew();
    });
  }

  /** Give it up: its streams are lost. */
  drop(code: Code, reason: string): void {
    this.lose(code, reason);
  }

  ping(): void {
    this.flush(() => this.session.ping(performance.now()));
  }

  suspected(): void {
    this.owner.suspect(this);
  }

  recovered(): void {
    this.owner.fine(this);
  }

  expired(): void {
    this.lose(Code.TIMEOUT, "the box does not respond");
  }

  private attach(channel: RTCDataChannel): void {
    this.channel = new Channel(channel, {
      receive: (data) => this.receive(data),
      flush: () => this.flush(),
      cut: (reason) => this.cut(reason),
    });
  }

  private detach(): RTCDataChannel | undefined {
    const channel = this.channel?.detach();
    this.channel = undefined;
    return channel;
  }

  private cut(reason: string): void {
    if (this.session.draining || !this.freeze()) this.lose(Code.INTERNAL, reason);
  }

  private receive(data: unknown): void {
    if (this.over) return;
    if (!(data instanceof ArrayBuffer)) {
      this.lose(Code.PROTOCOL, "a message that is not binary");
      return;
    }
    this.path?.received();
    this.flush(() => this.session.receive(new Uint8Array(data), performance.now()));
  }

  // One input, then drain. Handling an event may make a request, which flushes again: the guard keeps
  // the loop from running within itself.
  private flush(input?: () => void): void {
    if (this.over) return;
    try {
      input?.();
      if (this.flushing) return;
      this.flushing = true;
      do this.dispatch();
      while (this.write());
      this.flushing = false;
      if (this.connected) this.timer.set(this.session.nextTimeout());
    } catch (error) {
      this.fault(error);
    }
  }

  private dispatch(): void {
    while (!this.over) {
      const event = this.session.nextEvent();
      if (!event) return;
      this.handle(event);
    }
  }

  private write(): boolean | undefined {
    return this.channel?.write((room) => this.session.toSend(performance.now(), room));
  }

  private handle(event: SessionEvent): void {
    switch (event.kind) {
      case "hello":
        this.extensions = event.hello.extensions;
        this.owner.placed(event.hello.place);
        this.owner.roomier(this);
        for (const then of this.introductions.splice(0)) then();
        return;
      case "pong":
        this.path?.pong(event.rttMs);
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
      case "closed":
        this.remove(event.stream)?.event(event);
        this.owner.roomier(this);
        return;
      case "reset":
        this.remove(event.stream)?.event(event);
        return;
      case "response":
      case "data":
      case "trailers":
      case "writable":
        this.streams.get(event.stream)?.event(event);
        return;
      default:
        event satisfies never;
    }
  }

  // A stream that was reset may run again, elsewhere, when it is reported as closed here.
  private remove(stream: number): StreamOwner | undefined {
    const owner = this.streams.get(stream);
    this.streams.delete(stream);
    return owner;
  }

  private end(): void {
    this.over = true;
    this.timer.stop();
    this.path?.stop();
  }

  // Something failed half way. To go on, here or over another channel, might be to skip a piece of a
  // body; to do nothing would be to leave all streams waiting.
  private fault(error: unknown): void {
    if (this.over) return;
    console.error("p2claw: a link failed", error);
    try {
      this.session.fault();
      this.write();
    } catch {
      // The box learns of it when the channel closes.
    }
    this.lose(Code.INTERNAL, "a fault on this side");
  }

  private lose(code: Code, reason: string): void {
    if (this.over) return;
    this.end();
    this.detach()?.close(); // what is buffered goes first, RFC 8831 §6.7
    // Each by itself, and after the link itself is reported: none misses it because another one fails.
    for (const owner of this.streams.values()) queueMicrotask(() => owner.lost());
    for (const then of this.introductions.splice(0)) queueMicrotask(then);
    this.streams.clear();
    this.owner.lost(this, code, reason);
  }
}
