// Why a stream was reset or a session refused: the numbers of docs/WIRE.md §7.

export const Code = {
  NO_ERROR: 0,
  PROTOCOL: 1,
  INTERNAL: 2,
  FLOW_CONTROL: 3,
  REFUSED: 4,
  CANCEL: 5,
  UPSTREAM: 6,
  TIMEOUT: 7,
  LIMIT: 8,
  HEAD_TOO_LARGE: 9,
  VERSION: 10,
  APP_UNKNOWN: 11,
  SHUTDOWN: 12,
} as const;

export type Code = (typeof Code)[keyof typeof Code];

const KNOWN: readonly Code[] = Object.values(Code);

/** The code of a number; one that is not known is read as INTERNAL. */
export function codeOf(number: number): Code {
  return KNOWN.find((code) => code === number) ?? Code.INTERNAL;
}
