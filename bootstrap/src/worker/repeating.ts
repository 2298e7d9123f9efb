// Repeats messages of a body on its way up that were lost, in the part that was lost, as the box asks.
// So the browser's SCTP learns of no loss: it would take each one for a full path, and after one in a
// hundred packets nothing of its window were left. How much is in flight is for the box to say, which
// sees what arrives. Source: docs/WIRE.md §18.

import type { Channel } from "./channel";

const AGAIN = 0x42;
const REPEAT = 0x43;
const TYPE_AT = 2;
const HEADER_BYTES = 8;
const ITEM_BYTES = 10;
const PART_BYTES = 10;

// A message of this size is the beginning of a body, or all of a short one.
const FULL_BYTES = 16_000;
// docs/WIRE.md §15: so much is sent and not acknowledged at most, beside one message. What was sent
// before has come. Repetitions are counted apart: they are beside what the session sends.
const KEPT_BYTES = 4_194_304 + 65_536;
// Before a body has begun: requests, of which some may be on their way.
const KEPT_FIRST_BYTES = 131_072;
// The box names a message by 16 bits of its number, and knows of a quarter of all numbers at most.
const KEPT_MESSAGES = 32_768;

type Sent = Uint8Array<ArrayBuffer>;

// A repetition waits behind all that the browser buffers, and all behind what is missing waits for it. So
// no more is buffered than leaves in this time, and at least so much: a browser that is busy comes late.
const QUEUE_MS = 50;
const QUEUE_LEAST_BYTES = 131_072;
const RATE_MS = 100; // the time over which it is measured how much leaves

/**
 * From now on messages of this channel are repeated, if the box admits it (`admits`), and while they are,
 * it is decided here how much the browser may buffer.
 */
export function repeat(owner: Channel | undefined, admits: () => boolean): void {
  if (!owner || owner.between) return;
  const { channel } = owner;
  const queue = new Queue(owner.mostBytes);
  const repeating = new Repeating((message) => channel.send(message), admits);
  owner.between = {
    send(message): void {
      repeating.send(message);
      if (!repeating.told) return;
      owner.mostBytes = queue.sent(message.length, channel.bufferedAmount, performance.now());
      channel.bufferedAmountLowThreshold = owner.mostBytes / 2;
    },
    read: (data) => data instanceof ArrayBuffer && repeating.read(new Uint8Array(data)),
  };
}

/** How much the browser may buffer, by how fast that leaves. */
export class Queue {
  private bytes = 0; // given to the browser since the rate was measured
  private buffered = 0; // of it, and of what was there before
  private since = 0;
  private mostBytes = QUEUE_LEAST_BYTES;

  /** highBytes: never more. */
  constructor(private readonly highBytes: number) {}

  /** So much was given to the browser, which buffers so much now. Returns what it may buffer. */
  sent(bytes: number, buffered: number, now: number): number {
    this.bytes += bytes;
    const ms = now - this.since;
    if (buffered <= bytes && this.since) {
      // It ran empty, since nobody came in time: what left meanwhile says nothing.
      this.mostBytes = this.highBytes;
    } else if (ms < RATE_MS) {
      return this.mostBytes;
    } else if (this.since) {
      const left = this.bytes + this.buffered - buffered;
      const most = Math.max(QUEUE_LEAST_BYTES, (left * QUEUE_MS) / ms);
      this.mostBytes = Math.min(this.highBytes, most);
    }
    this.bytes = 0;
    this.buffered = buffered;
    this.since = now;
    return this.mostBytes;
  }
}

export class Repeating {
  told = false; // the box has been told of the numbers
  private readonly kept: Sent[] = [];
  private keptBytes = 0; // of messages of the session
  private repeatBytes = 0; // of repetitions
  private first = 0; // the number of kept[0]

  constructor(
    private readonly plain: (message: Sent) => void,
    private readonly admits: () => boolean,
  ) {}

  send(message: Sent): void {
    if (message.length >= FULL_BYTES && !this.told && this.admits()) this.tell();
    this.keep(message);
    this.plain(message);
  }

  /** Whether a message of the box was about repeating, and is for nobody else. */
  read(message: Uint8Array): boolean {
    if (!this.told || message[TYPE_AT] !== AGAIN) return false;
    const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
    for (let at = HEADER_BYTES; at + ITEM_BYTES <= message.length; at += ITEM_BYTES) {
      this.again(view.getUint16(at), view.getUint32(at + 2), view.getUint32(at + 6));
    }
    return true;
  }

  // head, tail: bytes that the box has of its beginning and of its end.
  private again(number: number, head: number, tail: number): void {
    const whole = this.kept[(number - this.first) & 0xffff];
    if (!whole || head + tail > whole.length) return;
    const part = whole.subarray(head, whole.length - tail);
    const reply = frame(PART_BYTES + part.length);
    const view = new DataView(reply.buffer, HEADER_BYTES);
    view.setUint16(0, number);
    view.setUint32(2, head);
    view.setUint32(6, whole.length);
    reply.set(part, HEADER_BYTES + PART_BYTES);
    this.keep(reply);
    this.plain(reply);
  }

  // The number of this message, so that the box can count others, and the lowest that is kept.
  private tell(): void {
    const news = frame(4);
    const view = new DataView(news.buffer, HEADER_BYTES);
    view.setUint16(0, (this.first + this.kept.length) & 0xffff);
    view.setUint16(2, this.first & 0xffff);
    this.told = true;
    this.keep(news);
    this.plain(news);
  }

  private keep(message: Sent): void {
    this.kept.push(message);
    this.count(message, 1);
    const mostBytes = this.told ? KEPT_BYTES : KEPT_FIRST_BYTES;
    while (
      this.keptBytes > mostBytes ||
      this.repeatBytes > mostBytes ||
      this.kept.length > KEPT_MESSAGES
    ) {
      this.count(this.kept.shift() as Sent, -1);
      this.first += 1;
    }
  }

  private count(message: Sent, sign: 1 | -1): void {
    if (message[TYPE_AT] === REPEAT) this.repeatBytes += sign * message.length;
    else this.keptBytes += sign * message.length;
  }
}

function frame(payloadBytes: number): Sent {
  const bytes = new Uint8Array(HEADER_BYTES + payloadBytes);
  new DataView(bytes.buffer).setUint16(0, payloadBytes);
  bytes[TYPE_AT] = REPEAT;
  return bytes;
}
