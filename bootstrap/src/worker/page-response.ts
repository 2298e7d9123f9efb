// The way of one response from its stream to the Service Worker: held back while a person signs in,
// decoded if it is coded, and posted in pieces.

import type { ReplyError } from "../messages/sw-worker";
import type { ResponseHead } from "../wire/heads";
import { Decoding, type DecodingOwner, codingsOf } from "./decoding";
import { Reply, type ReplyOwner } from "./reply";

export interface PageResponseOwner {
  /** So many body bytes, as they came from the box, are not held any more. */
  consumed(bytes: number): void;
  /** The page does not want it any more. */
  cancelled(): void;
  undecodable(): void;
}

export class PageResponse implements ReplyOwner, DecodingOwner {
  private readonly reply: Reply;
  private decoding: Decoding | undefined;
  private held: (() => void)[] | undefined;

  constructor(
    port: MessagePort,
    private readonly owner: PageResponseOwner,
  ) {
    this.reply = new Reply(port, this);
  }

  get isHeld(): boolean {
    return this.held !== undefined;
  }

  /** Keep back what comes from now on. */
  hold(): void {
    this.held = [];
  }

  /** Forget what was kept back: another response follows. */
  discard(): void {
    this.held = undefined;
  }

  release(): void {
    const { held } = this;
    this.held = undefined;
    for (const step of held ?? []) step();
  }

  head(head: ResponseHead, end: boolean): void {
    this.inTurn(() => {
      const codings = end ? [] : codingsOf(head.fields);
      if (codings.length) this.decoding = new Decoding(codings, this);
      this.reply.head(head, end, codings.length > 0);
    });
  }

  /** The head that opens a WebSocket: its stream goes on elsewhere. */
  accepted(head: ResponseHead): void {
    this.reply.head(head, true, false);
  }

  data(data: Uint8Array, end: boolean): void {
    this.inTurn(() => {
      if (this.decoding) this.decoding.push(data, end);
      else this.reply.data(data, end);
    });
  }

  trailers(): void {
    this.inTurn(() => {
      if (this.decoding) this.decoding.push(new Uint8Array(), true);
      else this.reply.end();
    });
  }

  /** Runs a step after all that is kept back. */
  inTurn(step: () => void): void {
    if (this.held) this.held.push(step);
    else step();
  }

  error(error: ReplyError): void {
    this.decoding?.stop();
    this.reply.error(error);
  }

  /** Nobody waits for it any more. */
  abandon(): void {
    this.reply.close();
    this.decoding?.stop();
  }

  read(bytes: number): void {
    if (this.decoding) this.decoding.read(bytes);
    else this.decoded(bytes);
  }

  cancelled(): void {
    this.decoding?.stop();
    this.owner.cancelled();
  }

  decoded(bytes: number): void {
    this.owner.consumed(bytes);
  }

  piece(bytes: Uint8Array): void {
    this.reply.data(bytes, false);
  }

  end(): void {
    this.reply.end();
  }

  undecodable(): void {
    this.owner.undecodable();
  }
}
