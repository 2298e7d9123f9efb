// The payloads of fixed layout: RESET, WINDOW, GOAWAY and those of `resume`. That their sizes are right is decodeMessage's.

import { type Code, codeOf } from "./codes";
import { SessionFault } from "./faults";
import { CREDIT_MAX, REASON_BYTES } from "./limits";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** code u16, then the reason. */
export function resetPayload(code: Code, reason: string): Uint8Array {
  return withReason(2, reason, (view) => view.setUint16(0, code));
}

/** last stream u32, code u16, then the reason. */
export function goawayPayload(lastStream: number, code: Code, reason: string): Uint8Array {
  return withReason(6, reason, (view) => {
    view.setUint32(0, lastStream);
    view.setUint16(4, code);
  });
}

/** credit u32. */
export function windowPayload(credit: number): Uint8Array {
  return withReason(4, "", (view) => view.setUint32(0, credit));
}

/** count u64. */
export function receivedPayload(count: number): Uint8Array {
  return withReason(8, "", (view) => view.setBigUint64(0, BigInt(count)));
}

/** The count of a RECEIVED or RESUMED. Throws SessionFault. */
export function readReceived(payload: Uint8Array): number {
  if (payload.length !== 8) throw new SessionFault(`a count of ${payload.length} bytes`);
  return Number(viewOf(payload).getBigUint64(0));
}

export function readReset(payload: Uint8Array): { code: Code; reason: string } {
  return { code: codeOf(viewOf(payload).getUint16(0)), reason: readReason(payload.subarray(2)) };
}

export function readGoaway(payload: Uint8Array): {
  lastStream: number;
  code: Code;
  reason: string;
} {
  const view = viewOf(payload);
  return {
    lastStream: view.getUint32(0),
    code: codeOf(view.getUint16(4)),
    reason: readReason(payload.subarray(6)),
  };
}

/** Throws SessionFault where the credit is not 1 to 2³¹−1. */
export function readWindow(payload: Uint8Array): number {
  const credit = viewOf(payload).getUint32(0);
  if (credit < 1 || credit > CREDIT_MAX) throw new SessionFault(`WINDOW of ${credit}`);
  return credit;
}

function viewOf(payload: Uint8Array): DataView {
  return new DataView(payload.buffer, payload.byteOffset, payload.length);
}

function withReason(size: number, reason: string, fill: (view: DataView) => void): Uint8Array {
  const text = cut(encoder.encode(reason));
  const payload = new Uint8Array(size + text.length);
  fill(viewOf(payload));
  payload.set(text, size);
  return payload;
}

// Between characters: what is left must still be UTF-8. 0b10…… continues one.
function cut(text: Uint8Array): Uint8Array {
  let end = Math.min(text.length, REASON_BYTES);
  while (end < text.length && ((text[end] ?? 0) & 0xc0) === 0x80) end--;
  return text.subarray(0, end);
}

// It may be shown to people: no control characters of a remote.
function readReason(text: Uint8Array): string {
  return decoder.decode(text).replace(/\p{C}/gu, "\ufffd");
}
