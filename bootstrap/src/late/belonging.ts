// Whose names a key responds for, by the statements that came with it: the one place that decides it in
// a browser; p2claw/wire/signalling/belonging.py is the same in Python. Source: docs/WIRE.md §13, §17.

import { encodeBase32 } from "../shell/base32";
import { type Statement, isGenuine, isInForce, readStatement } from "./statements";

type Keys = [string, ...string[]];

/**
 * The peer id whose names the box responds for: `found`, its own, without a delegation.
 *
 * A delegation to a key holds for those that follow it. Of several the first that is genuine and in
 * force counts. A box to which names were delegated cannot delegate them further: only one step is
 * taken.
 */
export async function ownerOf(found: string, statements: string[], nowMs: number): Promise<string> {
  const known = readable(statements);
  const own = await chainTo(found, known);
  for (const one of known) {
    const isOurs = one.kind === "delegate" && own.includes(encodeBase32(one.subject));
    if (isOurs && isInForce(one, nowMs) && (await isGenuine(one))) return encodeBase32(one.signer);
  }
  return found;
}

/**
 * As `ownerOf`, and the keys that it follows, the newest first. A change of key holds whatever the
 * clock is.
 */
export async function lineOf(found: string, statements: string[], nowMs: number): Promise<Keys> {
  return chainTo(await ownerOf(found, statements, nowMs), readable(statements));
}

// A key is met once, so that no circle has no end.
async function chainTo(key: string, known: Statement[]): Promise<Keys> {
  const chain: Keys = [key];
  for (;;) {
    const before = await keyBefore(chain.at(-1), known);
    if (before === undefined || chain.includes(before)) return chain;
    chain.push(before);
  }
}

// Of the key that has named it, or of the one whose backup key has.
async function keyBefore(key: string | undefined, known: Statement[]): Promise<string | undefined> {
  const change = await genuine(known, "rotate", key);
  if (!change) return undefined;
  const signer = encodeBase32(change.signer);
  const others = known.filter((one) => encodeBase32(one.signer) !== signer);
  const named = await genuine(others, "backup", signer);
  return named ? encodeBase32(named.signer) : signer;
}

async function genuine(
  known: Statement[],
  kind: Statement["kind"],
  subject: string | undefined,
): Promise<Statement | undefined> {
  for (const one of known) {
    if (one.kind !== kind || encodeBase32(one.subject) !== subject) continue;
    if (await isGenuine(one)) return one;
  }
  return undefined;
}

function readable(statements: string[]): Statement[] {
  return statements
    .map(decoded)
    .map(readStatement)
    .filter((one) => one !== undefined);
}

// What is no base64 is no statement either.
function decoded(text: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return new Uint8Array();
  }
}
