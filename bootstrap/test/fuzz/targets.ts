// The decoders of the browser side, for `make fuzz-browser`: one function each, which a fuzzer feeds.
// It returns for whatever a box may send, and throws only for a mistake of ours.

import assert from "node:assert/strict";
import { LocalFault, SessionFault, StreamFault } from "../../src/wire/faults";
import { FrameType, decodeMessage, encodeFrame } from "../../src/wire/frame";
import { decodeResponse, decodeTrailers } from "../../src/wire/heads";
import { agree, decodeHello } from "../../src/wire/hello";
import {
  NotPacked,
  type Packed,
  type Sendable,
  concat,
  pack,
  unpack,
} from "../../src/wire/msgpack";
import { readGoaway, readReceived, readReset, readWindow } from "../../src/wire/payloads";
import { type Record, RecordReader } from "../../src/wire/records";
import { Session } from "../../src/wire/session";

/** Any bytes are a value or NotPacked; what we could have sent is written and read as the same. */
export function msgpack(data: Uint8Array): void {
  const value = refusing(NotPacked, () => unpack(Uint8Array.from(data)));
  if (value === undefined || !isSendable(value)) return;
  assert.deepEqual(unpack(pack(value)), value);
}

/** The frames of a message, written again, are the message. */
export function frames(data: Uint8Array): void {
  const got = refusing(SessionFault, () => decodeMessage(data)) ?? [];
  if (got.length) {
    const parts = got.map((one) => encodeFrame(one.type, one.flags, one.stream, one.payload));
    assert.deepEqual(concat(parts), new Uint8Array(data));
  }
  for (const { type, payload } of got) {
    if (type === FrameType.RESET) readReset(payload);
    if (type === FrameType.GOAWAY) readGoaway(payload);
    if (type === FrameType.WINDOW) refusing(SessionFault, () => readWindow(payload));
    if (type === FrameType.RECEIVED) refusing(SessionFault, () => readReceived(payload));
  }
}

/** The head of a response, and trailers. */
export function heads(data: Uint8Array): void {
  const head = refusing(StreamFault, () => decodeResponse(data));
  if (head) assert.ok(head.status >= 200 && head.status <= 599);
  refusing(StreamFault, () => decodeTrailers(data));
}

/** The HELLO of a box, and which version both know. */
export function hello(data: Uint8Array): void {
  refusing(SessionFault, () => agree(decodeHello(data)));
}

/** Records mean the same in whatever pieces they come. The first byte is the size of the pieces. */
export function records(data: Uint8Array): void {
  const [size = 0, ...rest] = data;
  const whole = Uint8Array.from(rest);
  assert.deepEqual(meaning(whole, size + 1), meaning(whole, whole.length + 1));
}

/**
 * A whole session. The first byte says how far it has come; then records: what (u8), length (u16),
 * bytes of a message of the box, or of calls from our side.
 */
export function session(data: Uint8Array): void {
  const one = new Session("dog", "fuzz");
  const box = new Uint8Array([...BOX_HELLO]);
  let now = 0;
  if ((data[0] ?? 0) & 1) one.receive(box, now);
  drain(one, now);
  for (let at = 1; at + 3 <= data.length;) {
    const what = (data[at] ?? 0) % 8;
    const length = (data[at + 1] ?? 0) * 256 + (data[at + 2] ?? 0);
    const part = data.slice(at + 3, at + 3 + length);
    at += 3 + length;
    now += what;
    if (what < 4) one.receive(part, now);
    else refusing(LocalFault, () => call(one, what, part, now));
    drain(one, now);
  }
}

function call(one: Session, what: number, part: Uint8Array, now: number): void {
  const [stream = 0, n = 0] = part;
  if (what === 4) {
    one.openRequest({ method: "GET", target: "/", fields: [], urgency: n % 8 }, (n & 1) === 1);
  } else if (what === 5) one.sendData(stream, part, (n & 1) === 1);
  else if (what === 6) one.reset(stream, 0);
  else one.handleTimeout(now + n * 1_000);
}

function drain(one: Session, now: number): void {
  while (one.nextEvent());
  for (let message = one.toSend(now); message; message = one.toSend(now)) decodeMessage(message);
  while (one.nextEvent());
  if (one.failed) assert.equal(one.nextTimeout(), undefined);
}

/** What the records say; "" if they are refused. Parts of one message are one. */
function meaning(data: Uint8Array, size: number): string {
  const reader = new RecordReader();
  const read: string[] = [];
  const add = (record: Record): void => {
    if (record.kind === "close") read.push(`close ${record.code} ${record.reason};`);
    else {
      read.push(Buffer.from(record.data).toString("hex"));
      if (record.final) read.push(record.text ? " text;" : " binary;");
    }
  };
  const fed = refusing(StreamFault, () => {
    for (let at = 0; at < data.length; at += size) {
      reader.feed(data.subarray(at, at + size)).forEach(add);
    }
    return true;
  });
  return fed ? read.join("") : "";
}

function refusing<T>(kind: new (...args: never[]) => Error, work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof kind)) throw error;
    return undefined;
  }
}

function isSendable(value: Packed): value is Extract<Packed, Sendable> {
  if (Array.isArray(value)) return value.every(isSendable);
  if (value instanceof Uint8Array) return value.length < 256;
  return typeof value === "string" || (typeof value === "number" && value >= 0 && value < 2 ** 32);
}

// {v: 1, role: "box", ext: ["websocket", "resume"], token: 16 bytes, streams: 16, window: 65536}
const BOX_HELLO = encodeFrame(
  FrameType.HELLO,
  0,
  0,
  pack({
    v: 1,
    role: "box",
    ext: ["websocket", "resume"],
    token: new Uint8Array(16),
    streams: 16,
    window: 65_536,
  }),
);
