// Repeats messages of a body on its way up that were lost, in the part that was lost, as the box asks.
// So the browser's SCTP learns of no loss: it would take each one for a full path, and after one in a
// hundred packets nothing of its window were left. How much is in flight is for the box to say, which
// sees what arrives. Source: docs/WIRE.md §18.

const AGAIN = 0x42;
const REPEAT = 0x43;
const TYPE_AT = 2;
const HEADER_BYTES = 8;
const ITEM_BYTES = 10;
const PART_BYTES = 10;

// Two messages of this size, one after the other, are the beginning of a body.
const FULL_BYTES = 16_000;
// docs/WIRE.md §15: so much is sent and not acknowledged at most, beside one message. What was sent
// before has come.
const KEPT_BYTES = 4_194_304 + 65_536;
// Before a body has begun: requests, of which some may be on their way.
const KEPT_FIRST_BYTES = 131_072;

type Sent = Uint8Array<ArrayBuffer>;

const repeated = new WeakSet<RTCDataChannel>();

/** From now on messages of this channel are repeated, if the box admits it (`admits`). */
export function repeat(channel: RTCDataChannel | undefined, admits: () => boolean): void {
  if (!channel || repeated.has(channel)) return;
  repeated.add(channel);
  const send = channel.send.bind(channel) as (message: Sent) => void;
  const repeating = new Repeating(send, admits);
  channel.send = (message: unknown) => repeating.send(message as Sent);
  const receive = channel.onmessage;
  channel.onmessage = (event: MessageEvent<unknown>) => {
    if (!(event.data instanceof ArrayBuffer) || !repeating.read(new Uint8Array(event.data))) {
      receive?.call(channel, event);
    }
  };
}

export class Repeating {
  private readonly kept: Sent[] = [];
  private keptBytes = 0;
  private first = 0; // the number of kept[0]
  private full = false; // the last message was
  private told = false; // the box has been told of the numbers

  constructor(
    private readonly plain: (message: Sent) => void,
    private readonly admits: () => boolean,
  ) {}

  send(message: Sent): void {
    const full = message.length >= FULL_BYTES;
    if (full && this.full && !this.told && this.admits()) this.tell();
    this.full = full;
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
    this.keptBytes += message.length;
    const mostBytes = this.told ? KEPT_BYTES : KEPT_FIRST_BYTES;
    while (this.keptBytes > mostBytes) {
      this.keptBytes -= this.kept.shift()?.length ?? this.keptBytes;
      this.first += 1;
    }
  }
}

function frame(payloadBytes: number): Sent {
  const bytes = new Uint8Array(HEADER_BYTES + payloadBytes);
  new DataView(bytes.buffer).setUint16(0, payloadBytes);
  bytes[TYPE_AT] = REPEAT;
  return bytes;
}
