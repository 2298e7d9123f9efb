// How much of a response has come on one stream: an enum and one transition table.
// A pair that is absent from the table is a session fault. Source: docs/WIRE.md §4.

import { FLAG_END, FLAG_MORE, FrameType } from "./frame";

/** await: nothing yet; head, trailers: between their parts. */
export type ResponseState = "await" | "head" | "body" | "trailers" | "ended";

export type ResponseStep =
  "head-part" | "head" | "head-end" | "data" | "data-end" | "trailers-part" | "trailers";

const TRANSITIONS: Record<ResponseState, Partial<Record<ResponseStep, ResponseState>>> = {
  await: { "head-part": "head", head: "body", "head-end": "ended" },
  head: { "head-part": "head", head: "body", "head-end": "ended" },
  body: { data: "body", "data-end": "ended", "trailers-part": "trailers", trailers: "ended" },
  trailers: { "trailers-part": "trailers", trailers: "ended" },
  ended: {},
};

/** The state after a step, or undefined where it may not come now. */
export function advance(state: ResponseState, step: ResponseStep): ResponseState | undefined {
  return TRANSITIONS[state][step];
}

/**
 * What a frame does. END counts on the last part of a head only, and not at all on TRAILERS, which
 * imply it.
 */
export function stepOf(type: number, flags: number): ResponseStep {
  if (type === FrameType.DATA) return flags & FLAG_END ? "data-end" : "data";
  if (type === FrameType.TRAILERS) return flags & FLAG_MORE ? "trailers-part" : "trailers";
  if (flags & FLAG_MORE) return "head-part";
  return flags & FLAG_END ? "head-end" : "head";
}
