// Whether a key belongs to the name in the address bar: by the name itself, by the link, or by the
// first visit. Source: docs/WIRE.md §13.

import type { Late } from "../messages/late";
import type { Wrong } from "../messages/trust";
import { isKeyAlias, looksLikeKeyAlias } from "./answer-proof";
import { readKept, writeKept } from "./pins";

export type Refusal =
  /** From the coordinator. */
  | { kind: "coordinator"; code: string; retryS: number | undefined }
  | { kind: "wrong-key"; found: string; trust: Wrong }
  /** The signature is not by the box's key. */
  | { kind: "forged"; found: string };

// What this visit has trusted, whatever becomes of the storage meanwhile, which the app's pages share.
let visited: string | undefined;

/** What an earlier visit has pinned, to be asked for early. Where storage is denied every visit is a first one. */
export function pinOf(alias: string): Promise<unknown> {
  return readKept(alias).catch(() => undefined);
}

/**
 * Why a box with this key is not the one that is wanted, if so. genuine: the key has signed. found: its
 * peer id. linkKey: the one that the link named. pin: of `pinOf`. statements: what came with the key, in
 * base64. Where they all agree it is the one; else `late/judging.ts` decides, as for whoever follows.
 */
export async function refusalOf(
  genuine: Promise<boolean>,
  found: string,
  { alias, linkKey }: { alias: string; linkKey: string | undefined },
  pin: Promise<unknown>,
  statements?: string[],
): Promise<Refusal | undefined> {
  if (!(await genuine)) return { kind: "forged", found };
  const kept = await pin;
  const before = kept ?? visited;
  let now = found;
  let trust: Wrong | undefined;
  if (
    statements?.length ||
    [linkKey, before].some((key = found) => key !== found) ||
    (looksLikeKeyAlias(alias) && !(await isKeyAlias(alias, found)))
  ) {
    const url: string = __LATE_URL__;
    const { late } = (await import(url)) as { late: Late };
    [now, trust] = await late.judge(alias, found, linkKey, before, statements);
  }
  if (trust) return { kind: "wrong-key", found, trust };
  visited = now;
  // Nobody waits for it: this visit knows.
  if (kept !== now) writeKept(alias, now).catch(() => undefined);
  return undefined;
}
