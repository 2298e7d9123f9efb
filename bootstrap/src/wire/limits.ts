// The named limits of a session, and what the other side is assumed to allow before its HELLO.
// Source: docs/WIRE.md, Limits, §3, §6 and §8.

// What is assumed of a peer whose HELLO has not been read, and the least that its HELLO may name.
export const FIRST_WINDOW_BYTES = 65_536;
export const FIRST_STREAMS = 16;

export const CREDIT_MAX = 2 ** 31 - 1;
export const STREAM_ID_MAX = 2 ** 32 - 1;
export const REASON_BYTES = 256;
export const SOFTWARE_BYTES = 64;
export const METHOD_CHARS = 32;
export const TARGET_CHARS = 131_072;
export const REASON_CHARS = 256;
export const ORIGINS = 16;
export const NOTICE_CHARS = 1_024;

export const LIMITS = {
  headBytes: 262_144,
  headFields: 1_024,
  windowBytes: 1_048_576, // box to visitor, a stream: RESET FLOW_CONTROL
  windowMost: 4_194_304, // that it grows to
  highWaterBytes: 262_144, // queued on a stream: its producer waits
  lowWaterBytes: 65_536, // writable: it may go on
  pingAfterMs: 20_000, // of silence
  deadAfterMs: 45_000, // of silence: the session has failed, TIMEOUT
  pings: 10, // acknowledged per `pingsMs`; more are dropped
  pingsMs: 10_000,
  controlBytes: 262_144, // of RESET, WINDOW and PING that wait: the session has failed, LIMIT
} as const;
