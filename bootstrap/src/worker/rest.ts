// The part of a response that had not come when its session was lost, and how to ask for it: RFC 9110
// §13.1.5, §14. Only with a strong validator of the app's: bytes of two versions are never put together.

import type { Fields } from "../wire/heads";

const CONTENT_RANGE = /^bytes (\d{1,15})-(\d{1,15})\/(?:\d{1,15}|\*)$/;
// RFC 9110 §8.8.2.2: a modification date that is so much older than the response is a strong one.
const STRONG_DATE_MS = 1_000;

/** The head of a response. */
export interface ResponseFacts {
  status: number;
  fields: Fields;
}

export class Rest {
  /** Body bytes that have come. */
  came = 0;

  private skipBytes = 0; // of a rest that begins earlier

  private constructor(
    private readonly validator: string,
    private readonly partial: boolean,
    private readonly first: number,
    private readonly last: number | undefined,
  ) {}

  /** undefined: the rest of it cannot be asked for. */
  static of(method: string, head: ResponseFacts): Rest | undefined {
    const fields = new Map(head.fields);
    const validator = validatorOf(fields);
    if (method !== "GET" || !validator || fields.get("accept-ranges") === "none") return undefined;
    if (head.status === 200) {
      const length = fields.get("content-length") ?? "";
      return new Rest(validator, false, 0, /^\d+$/.test(length) ? Number(length) - 1 : undefined);
    }
    const range = rangeOf(head.status, fields);
    return range && new Rest(validator, true, ...range);
  }

  /** Whether nothing is missing. */
  get whole(): boolean {
    return this.last !== undefined && this.first + this.came > this.last;
  }

  /** The fields of the request, changed to ask for the rest. */
  fields(fields: Fields): Fields {
    const kept = fields.filter(([name]) => name !== "range" && name !== "if-range");
    const range = `bytes=${this.first + this.came}-${this.last ?? ""}`;
    return [...kept, ["range", range], ["if-range", this.validator]];
  }

  /** Whether this response is the rest. What of it has come before is then left out by `fresh`. */
  goesOnWith(head: ResponseFacts): boolean {
    const skip = this.skipped(head);
    this.skipBytes = skip ?? 0;
    return skip !== undefined;
  }

  /** The part of these bytes that has not come before. */
  fresh(data: Uint8Array): Uint8Array {
    const skipped = Math.min(this.skipBytes, data.length);
    this.skipBytes -= skipped;
    this.came += data.length - skipped;
    return skipped ? data.subarray(skipped) : data;
  }

  /** How many bytes of this response have come before; undefined: it is not the rest. */
  skipped(head: ResponseFacts): number | undefined {
    const fields = new Map(head.fields);
    if (validatorOf(fields) !== this.validator) return undefined;
    if (head.status === 200) return this.partial ? undefined : this.came;
    const range = rangeOf(head.status, fields);
    if (range?.[0] !== this.first + this.came) return undefined;
    return this.last === undefined || range[1] === this.last ? 0 : undefined;
  }
}

function validatorOf(fields: Map<string, string>): string | undefined {
  const etag = fields.get("etag");
  if (etag !== undefined) return etag.startsWith('"') ? etag : undefined;
  const modified = fields.get("last-modified") ?? "";
  const ageMs = Date.parse(fields.get("date") ?? "") - Date.parse(modified);
  return ageMs >= STRONG_DATE_MS ? modified : undefined;
}

// First and last byte of a 206 with one part.
function rangeOf(status: number, fields: Map<string, string>): [number, number] | undefined {
  const match = CONTENT_RANGE.exec(fields.get("content-range") ?? "");
  return status === 206 && match ? [Number(match[1]), Number(match[2])] : undefined;
}
