// Whether a key belongs to the name in the address bar: by the name itself, by the link, or by the
// first visit. Source: docs/WIRE.md §13.

import type { Late } from "../messages/late";
import { isKeyAlias, looksLikeKeyAlias } from "./answer-proof";
import { readPin, writePin } from "./pins";

export type Trust =
  | { kind: "trusted" }
  /** The key is not the one that was expected. `expected`: its peer id, or the alias itself. */
  | { kind: "wrong"; because: "alias" | "link" | "first-visit"; expected: string };

export type Refusal =
  /** From the coordinator. */
  | { kind: "coordinator"; code: string; retryS: number | undefined }
  | { kind: "wrong-key"; found: string; trust: Extract<Trust, { kind: "wrong" }> }
  /** The signature is not by the box's key. */
  | { kind: "forged"; found: string };

// What this visit has trusted, whatever becomes of the storage meanwhile, which the app's pages share.
let visited: string | undefined;

/** What an earlier visit has pinned, to be asked for early. Where storage is denied every visit is a first one. */
export function pinOf(alias: string): Promise<string | undefined> {
  return readPin(alias).catch(() => undefined);
}

/**
 * The one place where a browser decides whether a key belongs to a name. found: the peer id of who
 * signed. linkKey: the one that the link named. pin: of `pinOf`. statements: what came with it.
 */
export async function judge(
  alias: string,
  found: string,
  linkKey: string | undefined,
  pin: Promise<string | undefined>,
  statements: string[] = [],
): Promise<Trust> {
  let peerId = found;
  if (statements[0]) {
    // Few boxes have any, and the first page has no room for what reads them.
    const url: string = __LATE_URL__;
    peerId = await ((await import(url)) as { late: Late }).late.ownerOf(found, statements);
  }
  if (looksLikeKeyAlias(alias)) {
    if (await isKeyAlias(alias, peerId)) return { kind: "trusted" };
    return { kind: "wrong", because: "alias", expected: alias };
  }
  if (linkKey !== undefined && linkKey !== peerId) {
    return { kind: "wrong", because: "link", expected: linkKey };
  }
  const kept = await pin;
  const pinned = kept ?? visited;
  if (linkKey === undefined && pinned !== undefined && pinned !== peerId) {
    return { kind: "wrong", because: "first-visit", expected: pinned };
  }
  visited = peerId;
  // Nobody waits for it: this visit knows.
  if (kept !== peerId) writePin(alias, peerId).catch(() => undefined);
  return { kind: "trusted" };
}

/** Why a box with this key is not the one that is wanted, if so. genuine: the key has signed. */
export async function refusalOf(
  genuine: Promise<boolean>,
  found: string,
  { alias, linkKey }: { alias: string; linkKey: string | undefined },
  pin: Promise<string | undefined>,
  statements?: string[],
): Promise<Refusal | undefined> {
  if (!(await genuine)) return { kind: "forged", found };
  const trust = await judge(alias, found, linkKey, pin, statements);
  return trust.kind === "wrong" ? { kind: "wrong-key", found, trust } : undefined;
}
