// One request of the Service Worker and its response: waiting, sent, responded, over.

import type { PortRequest, ReplyError } from "../messages/sw-worker";
import { Code } from "../wire/codes";
import type { ResponseHead } from "../wire/heads";
import { WEBSOCKET } from "../wire/hello";
import type { Link } from "./link";
import { later } from "./later";
import { PageResponse, type PageResponseOwner } from "./page-response";
import type { Rest } from "./rest";
import type { Asking } from "./sign-in";
import type { StreamOwner } from "./stream-owner";
import type { Source, Upload, UploadOwner } from "./upload";

// RFC 9110 §9.2.2 allows more; only these surely change nothing when they come twice.
const REPEATABLE = new Set(["GET", "HEAD"]);
const ATTEMPTS = 3;
// Of a request that waits, with its fields, its port and its timer.
const HELD_BYTES = 2_048;

export type ExchangeState = "waiting" | "sent" | "responded" | "over";

export interface ExchangeOwner {
  /** The app has accepted a WebSocket: the stream is another's now. False: nobody wants it. */
  accepted(id: string, link: Link, stream: number): boolean;
  /** Run it again, on another link or later. */
  again(exchange: Exchange): void;
  over(exchange: Exchange): void;
  /** The response is held back until `signedIn`. */
  challenged(exchange: Exchange, challenges: string[]): void;
  progress(id: string, sentBytes: number, whole: boolean): void;
  noticed(text: string): void;
}

export class Exchange implements StreamOwner, PageResponseOwner, UploadOwner, Asking {
  state: ExchangeState = "waiting";
  private readonly response: PageResponse;
  private link: Link | undefined;
  private stream = 0;
  private upload: Upload | undefined;
  private attempts = 0;
  private first: ResponseHead | undefined; // of which the rest may be asked for
  private cameBytes = 0; // of its body
  private rest: Rest | undefined;

  /** body: only once `later` is here. reference: the id of the body, if it came by reference. */
  constructor(
    public request: PortRequest,
    private readonly body: Source | undefined,
    private readonly reference: string | undefined,
    private readonly owner: ExchangeOwner,
  ) {
    this.response = new PageResponse(request.reply, this);
  }

  get urgency(): number {
    return this.request.urgency;
  }

  /** Whether it is the rest of a response: somebody reads it already. */
  get patient(): boolean {
    return this.rest !== undefined;
  }

  /** The memory that it costs while it waits. */
  get heldBytes(): number {
    const { body, target } = this.request;
    return HELD_BYTES + target.length + (body.kind === "bytes" ? body.bytes.length : 0);
  }

  /** Send it. The link has room for one more stream. */
  start(link: Link): void {
    const { method, target, fields, urgency, socket, keep } = this.request;
    const protocol = socket === undefined ? undefined : WEBSOCKET;
    if (protocol !== undefined && !link.speaks(protocol)) {
      this.startLater(link, protocol);
      return;
    }
    const asked = this.rest ? this.rest.fields(fields) : fields;
    const head = { method, target, fields: asked, urgency, keep, ...(protocol && { protocol }) };
    this.attempts += 1;
    let stream;
    try {
      stream = link.request(head, !this.body && protocol === undefined, this);
    } catch {
      this.fail("head");
      return;
    }
    if (stream === undefined) {
      this.retryOr(true, "lost");
      return;
    }
    this.stream = stream;
    this.link = link;
    this.state = "sent";
    if (!this.body || !later.here) return;
    this.upload = new later.here.Upload(this.body, link, this.stream, this);
    this.upload.start();
  }

  // docs/WIRE.md §14: not before it is known that the box speaks it.
  private startLater(link: Link, protocol: string): void {
    if (link.speaks(protocol) === false) {
      this.fail("reset");
      return;
    }
    link.introduced(() => {
      if (this.state !== "waiting") return;
      if (link.speaks(protocol)) this.start(link);
      else this.fail("lost");
    });
  }

  /** There is no response, or no more of it. */
  fail(error: ReplyError): void {
    if (this.state === "over") return;
    this.response.error(error);
    this.finish();
  }

  /** Nobody waits for it any more: the Service Worker that asked is gone. */
  abandon(): void {
    this.response.abandon();
    this.cancelled();
  }

  signedIn(again: PortRequest | undefined): void {
    if (this.state === "over" || !this.response.isHeld) return;
    if (!again) {
      this.response.release();
      return;
    }
    this.response.discard();
    this.request = again;
    this.link?.reset(this.stream, Code.CANCEL);
    this.attempts = 0;
    this.retryOr(true, "reset");
  }

  event(event: Parameters<StreamOwner["event"]>[0]): void {
    if (this.state === "over") return;
    try {
      this.handle(event);
    } catch (error) {
      this.first = this.rest = undefined; // without a part of it the rest is no response
      throw error;
    }
  }

  private handle(event: Parameters<StreamOwner["event"]>[0]): void {
    switch (event.kind) {
      case "response":
        this.responded(event.head, event.end);
        return;
      case "data":
        this.response.data(this.fresh(event.data), event.end);
        return;
      case "trailers":
        this.response.trailers();
        return;
      case "reset":
        this.response.release();
        this.broke(event.code);
        return;
      case "writable":
        this.upload?.writable();
        return;
      case "closed":
        this.response.inTurn(() => this.finish());
        return;
      default:
        event satisfies never;
    }
  }

  lost(): void {
    this.response.release();
    if (this.state === "over") return;
    const rest = this.state === "responded" ? this.missing() : undefined;
    if (rest) {
      const { stream } = this;
      if (rest.whole) {
        this.event({ kind: "data", stream, data: new Uint8Array(), end: true });
        this.event({ kind: "closed", stream });
        return;
      }
      this.attempts = 0;
      this.retryOr(true, "lost");
      return;
    }
    const repeatable = this.state === "sent" && REPEATABLE.has(this.request.method);
    this.retryOr(repeatable && !this.body, "lost");
  }

  consumed(bytes: number): void {
    this.link?.consumed(this.stream, bytes);
  }

  undecodable(): void {
    this.link?.reset(this.stream, Code.CANCEL);
    this.response.error("reset");
    this.finish();
  }

  cancelled(): void {
    if (this.state === "over") return;
    this.link?.reset(this.stream, Code.CANCEL);
    this.finish();
  }

  broken(): void {
    this.link?.reset(this.stream, Code.CANCEL);
    this.fail("reset");
  }

  sent(bytes: number, whole: boolean): void {
    if (this.reference !== undefined) this.owner.progress(this.reference, bytes, whole);
  }

  private responded(head: ResponseHead, end: boolean): void {
    const { socket } = this.request;
    this.state = "responded";
    if (this.rest) {
      this.goOn(this.rest, head, end);
      return;
    }
    if (head.notice) this.owner.noticed(head.notice);
    if (socket !== undefined && !end && this.link) {
      if (this.owner.accepted(socket, this.link, this.stream)) {
        this.response.accepted(head);
        this.finish();
      } else {
        this.broken();
      }
      return;
    }
    const challenged = head.fields.filter(([name]) => name === "www-authenticate");
    const { anonymous, body, method } = this.request;
    // A stream cannot be sent twice.
    if (head.status === 401 && challenged.length && !anonymous && body.kind !== "stream") {
      this.response.hold();
      this.owner.challenged(
        this,
        challenged.map(([, value]) => value),
      );
    } else if (method === "GET" && !end) this.first = head;
    this.response.head(head, end);
  }

  // How to ask for what has not come of the response; undefined: it cannot be asked for.
  private missing(): Rest | undefined {
    const { first, request } = this;
    if (this.rest || !first) return this.rest;
    this.rest = later.here?.Rest.of(request.method, first);
    if (this.rest) this.rest.came = this.cameBytes;
    return this.rest;
  }

  private goOn(rest: Rest, head: ResponseHead, end: boolean): void {
    if (rest.goesOnWith(head) && !end) return;
    this.link?.reset(this.stream, Code.CANCEL);
    this.fail("lost");
  }

  // The part of it that has not come before.
  private fresh(data: Uint8Array): Uint8Array {
    this.cameBytes += data.length;
    const fresh = this.rest?.fresh(data) ?? data;
    if (fresh.length < data.length) this.consumed(data.length - fresh.length);
    return fresh;
  }

  private broke(code: Code): void {
    // After the end of the response this is no failure: the box only needed no more of the request.
    if (this.state === "responded" && code === Code.NO_ERROR) {
      this.finish();
      return;
    }
    const untouched = this.body?.kind !== "stream";
    this.retryOr(code === Code.REFUSED && this.state === "sent" && untouched, "reset");
  }

  private retryOr(again: boolean, error: ReplyError): void {
    this.upload?.stop();
    this.upload = undefined;
    this.link = undefined;
    if (!again || this.attempts >= ATTEMPTS) {
      this.fail(error);
      return;
    }
    this.state = "waiting";
    this.owner.again(this);
  }

  private finish(): void {
    if (this.state === "over") return;
    this.state = "over";
    this.upload?.stop();
    this.link = undefined;
    this.owner.over(this);
  }
}
