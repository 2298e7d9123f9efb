// Responses to preflights, as long as they may be kept. Source: Fetch §4.8, §4.9 "CORS-preflight cache".

import { type Allowed, type Fields, allowedBy, preflightFault, valueOf } from "./cors";

const AGE_S = 5; // if the response names none
const MOST_AGE_S = 7_200; // as one family of browsers does; the other has a day
const KEPT = 256; // the oldest is forgotten at the limit

interface Kept extends Allowed {
  untilMs: number;
}

export class Preflights {
  private readonly kept = new Map<string, Kept>();

  constructor(private readonly nowMs: () => number = Date.now) {}

  /** Whether an earlier response allows it. */
  allows(key: string, method: string, unsafe: readonly string[], credentials: boolean): boolean {
    const found = this.kept.get(key);
    if (!found || found.untilMs <= this.nowMs()) return false;
    return preflightFault(found, method, unsafe, credentials) === undefined;
  }

  keep(key: string, fields: Fields): void {
    const given = valueOf(fields, "access-control-max-age");
    const ageS = given !== undefined && /^-?\d+$/.test(given) ? Number(given) : AGE_S;
    this.kept.delete(key);
    const [oldest] = this.kept.keys();
    if (this.kept.size >= KEPT && oldest !== undefined) this.kept.delete(oldest);
    const untilMs = this.nowMs() + Math.min(ageS, MOST_AGE_S) * 1_000;
    if (ageS > 0) this.kept.set(key, { ...allowedBy(fields), untilMs });
  }

  forget(key: string): void {
    this.kept.delete(key);
  }
}
