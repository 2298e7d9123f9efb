// Frames in and out of messages: lengths, types and stream ids. Source: docs/WIRE.md §2.

import { LocalFault, SessionFault } from "./faults";

export const HEADER_BYTES = 8;
export const MESSAGE_BYTES = 16_384;
export const PAYLOAD_BYTES = MESSAGE_BYTES - HEADER_BYTES; // 16,376

export const FrameType = {
  HELLO: 0x00,
  REQUEST: 0x01,
  RESPONSE: 0x02,
  DATA: 0x03,
  TRAILERS: 0x04,
  RESET: 0x05,
  WINDOW: 0x06,
  PING: 0x07,
  GOAWAY: 0x08,
  // Of the extension `resume`, docs/WIRE.md §15.
  RECEIVED: 0x40,
  RESUMED: 0x41,
} as const;

const EXTENSIONS_FROM = 0x40;

export const FLAG_END = 0x01; // REQUEST, RESPONSE, DATA
export const FLAG_ACK = 0x01; // PING
export const FLAG_MORE = 0x02; // REQUEST, RESPONSE, TRAILERS

export interface Frame {
  type: number;
  flags: number;
  stream: number;
  /** A view of the message that it came in: copy what must outlive it. */
  payload: Uint8Array;
}

// [wants a stream id, least payload, most payload], by type. RESET is a code u16 and up to 256
// bytes of reason (2 + 256); GOAWAY a stream id u32 before that (4 + 2 + 256).
const SHAPES: readonly (readonly [boolean, number, number])[] = [
  [false, 0, PAYLOAD_BYTES],
  [true, 0, PAYLOAD_BYTES],
  [true, 0, PAYLOAD_BYTES],
  [true, 0, PAYLOAD_BYTES],
  [true, 0, PAYLOAD_BYTES],
  [true, 2, 258],
  [true, 4, 4],
  [false, 8, 8],
  [false, 6, 262],
];

/** Split one message into its frames. Throws SessionFault. */
export function decodeMessage(message: Uint8Array): Frame[] {
  const total = message.length;
  if (total < HEADER_BYTES || total > MESSAGE_BYTES) {
    throw new SessionFault(`a message of ${total} bytes`);
  }
  const view = new DataView(message.buffer, message.byteOffset, total);
  const frames: Frame[] = [];
  let at = 0;
  while (at < total) {
    if (total - at < HEADER_BYTES) throw new SessionFault(`a truncated header at byte ${at}`);
    const length = view.getUint16(at);
    const type = view.getUint8(at + 2);
    const flags = view.getUint8(at + 3);
    const stream = view.getUint32(at + 4);
    const start = at + HEADER_BYTES;
    at = start + length;
    if (at > total) throw new SessionFault(`a truncated frame at byte ${start - HEADER_BYTES}`);
    if (type < EXTENSIONS_FROM) checkShape(type, stream, length);
    frames.push({ type, flags, stream, payload: message.subarray(start, at) });
  }
  return frames;
}

/** One frame: its header and its payload of at most 16,376 bytes. Throws LocalFault. */
export function encodeFrame(
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array,
): Uint8Array {
  if (payload.length > PAYLOAD_BYTES) throw new LocalFault("frame-invalid");
  const frame = new Uint8Array(HEADER_BYTES + payload.length);
  frame.set(encodeHeader(payload.length, type, flags, stream));
  frame.set(payload, HEADER_BYTES);
  return frame;
}

/** The 8 bytes before a payload. */
export function encodeHeader(
  length: number,
  type: number,
  flags: number,
  stream: number,
): Uint8Array {
  const header = new Uint8Array(HEADER_BYTES);
  const view = new DataView(header.buffer);
  view.setUint16(0, length);
  view.setUint8(2, type);
  view.setUint8(3, flags);
  view.setUint32(4, stream);
  return header;
}

function checkShape(type: number, stream: number, length: number): void {
  const shape = SHAPES[type];
  if (!shape) throw new SessionFault(`a frame of unknown type ${type}`);
  const [wantsStream, least, most] = shape;
  if (wantsStream !== (stream !== 0)) {
    throw new SessionFault(`a frame of type ${type} on stream ${stream}`);
  }
  if (length < least || length > most) {
    throw new SessionFault(`a frame of type ${type} with ${length} bytes`);
  }
}
