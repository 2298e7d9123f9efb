// One request of the Service Worker and its answer: waiting, sent, answered, over.

import type { PortRequest, ReplyError } from "../messages/sw-worker";
import { Code } from "../wire/codes";
import { LocalFault } from "../wire/faults";
import type { ResponseHead } from "../wire/heads";
import { WEBSOCKET } from "../wire/hello";
import { Decoding, type DecodingOwner, codingsOf } from "./decoding";
import type { Link, StreamOwner } from "./link";
import { Reply, type ReplyOwner } from "./reply";
import { Rest } from "./rest";
import { type Asking, withField } from "./sign-in";
import { type Source, Upload, type UploadOwner } from "./upload";

// RFC 9110 §9.2.2 allows more; only these surely change nothing when they come twice.
const REPEATABLE = new Set(["GET", "HEAD"]);
const ATTEMPTS = 3;
// Of a request that waits, with its fields, its port and its timer.
const HELD_BYTES = 2_048;

export type ExchangeState = "waiting" | "sent" | "answered" | "over";

export interface ExchangeOwner {
  /** The app has accepted a WebSocket: the stream is another's now. False: nobody wants it. */
  accepted(id: string, link: Link, stream: number): boolean;
  /** Run it again, on another link or later. */
  again(exchange: Exchange): void;
  over(exchange: Exchange): void;
  /** Whether the answer waits, for `signedIn`. */
  challenged(exchange: Exchange, challenges: string[]): boolean;
  progress(id: string, sentBytes: number, whole: boolean): void;
  noticed(text: string): void;
}

export class Exchange implements StreamOwner, ReplyOwner, UploadOwner, DecodingOwner, Asking {
  state: ExchangeState = "waiting";
  private readonly reply: Reply;
  private link: Link | undefined;
  private stream = 0;
  private upload: Upload | undefined;
  private decoding: Decoding | undefined;
  private attempts = 0;
  private rest: Rest | undefined;
  private skipBytes = 0; // of a rest that begins earlier
  // An answer that asks who is there, until a person has said so.
  private held: (() => void)[] | undefined;

  /** reference: the id of the body, where it came by reference. */
  constructor(
    public request: PortRequest,
    private readonly body: Source | undefined,
    private readonly reference: string | undefined,
    private readonly owner: ExchangeOwner,
  ) {
    this.reply = new Reply(request.reply, this);
  }

  get urgency(): number {
    return this.request.urgency;
  }

  /** Whether it is the rest of an answer: somebody reads it already. */
  get patient(): boolean {
    return this.rest !== undefined;
  }

  /** What it costs to let it wait. */
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
    try {
      this.stream = link.request(head, !this.body && protocol === undefined, this);
    } catch (error) {
      if (!(error instanceof LocalFault)) throw error;
      this.fail("head");
      return;
    }
    this.link = link;
    this.state = "sent";
    if (!this.body) return;
    this.upload = new Upload(this.body, link, this.stream, this);
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

  /** There is no answer, or no more of it. */
  fail(error: ReplyError): void {
    if (this.state === "over") return;
    this.decoding?.stop();
    this.reply.error(error);
    this.finish();
  }

  /** Nobody waits for it any more: the Service Worker that asked is gone. */
  abandon(): void {
    this.reply.close();
    this.cancelled();
  }

  signedIn(field: string | undefined): void {
    if (this.state === "over" || !this.held) return;
    if (field === undefined) {
      this.release();
      return;
    }
    this.held = undefined;
    this.request = withField(this.request, field);
    this.link?.reset(this.stream, Code.CANCEL);
    this.attempts = 0;
    this.retryOr(true, "reset");
  }

  event(event: Parameters<StreamOwner["event"]>[0]): void {
    if (this.state === "over") return;
    switch (event.kind) {
      case "response":
        this.answer(event.head, event.end);
        return;
      case "data": {
        const data = this.fresh(event.data);
        this.tell(() => {
          if (this.decoding) this.decoding.push(data, event.end);
          else this.reply.data(data, event.end);
        });
        return;
      }
      case "trailers":
        this.tell(() => {
          if (this.decoding) this.decoding.push(new Uint8Array(), true);
          else this.reply.end();
        });
        return;
      case "reset":
        this.release();
        this.broke(event.code);
        return;
      case "writable":
        this.upload?.writable();
        return;
      case "closed":
        this.tell(() => this.finish());
        return;
      default:
        event satisfies never;
    }
  }

  lost(): void {
    this.release();
    if (this.state === "over") return;
    if (this.state === "answered" && this.rest) {
      const { stream } = this;
      if (this.rest.whole) {
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

  read(bytes: number): void {
    if (this.decoding) this.decoding.read(bytes);
    else this.decoded(bytes);
  }

  decoded(bytes: number): void {
    this.link?.consumed(this.stream, bytes);
  }

  piece(bytes: Uint8Array): void {
    this.reply.data(bytes, false);
  }

  end(): void {
    this.reply.end();
  }

  undecodable(): void {
    this.link?.reset(this.stream, Code.CANCEL);
    this.reply.error("reset");
    this.finish();
  }

  cancelled(): void {
    this.decoding?.stop();
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

  private answer(head: ResponseHead, end: boolean): void {
    const { socket } = this.request;
    this.state = "answered";
    if (this.rest) {
      this.goOn(this.rest, head, end);
      return;
    }
    if (head.notice) this.owner.noticed(head.notice);
    if (socket !== undefined && !end && this.link) {
      const wanted = this.owner.accepted(socket, this.link, this.stream);
      if (!wanted) this.link.reset(this.stream, Code.CANCEL);
      this.reply.head(head, true, false);
      this.finish();
      return;
    }
    const said = head.fields.filter(([name]) => name === "www-authenticate");
    const challenges = head.status === 401 ? said.map(([, value]) => value) : [];
    if (this.owner.challenged(this, challenges)) this.held = [];
    else if (!end) this.rest = Rest.of(this.request.method, head);
    this.tell(() => {
      const codings = end ? [] : codingsOf(head.fields);
      if (codings.length) this.decoding = new Decoding(codings, this);
      this.reply.head(head, end, codings.length > 0);
    });
  }

  private goOn(rest: Rest, head: ResponseHead, end: boolean): void {
    const skip = rest.skipped(head);
    if (skip === undefined || end) {
      this.link?.reset(this.stream, Code.CANCEL);
      this.fail("lost");
      return;
    }
    this.skipBytes = skip;
  }

  // What of it has not come before.
  private fresh(data: Uint8Array): Uint8Array {
    const skipped = Math.min(this.skipBytes, data.length);
    this.skipBytes -= skipped;
    if (skipped) this.decoded(skipped);
    if (this.rest) this.rest.came += data.length - skipped;
    return skipped ? data.subarray(skipped) : data;
  }

  private tell(step: () => void): void {
    if (this.held) this.held.push(step);
    else step();
  }

  private release(): void {
    const { held } = this;
    this.held = undefined;
    for (const step of held ?? []) step();
  }

  private broke(code: Code): void {
    // Not a failure after the answer's end: the box only needed no more of the request.
    if (this.state === "answered" && code === Code.NO_ERROR) return;
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
