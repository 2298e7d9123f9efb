// Whose names a key responds for, by the statements that came with it: the one place that decides it in
// a browser; p2claw/wire/signalling/belonging.py is the same in Python. Source: docs/WIRE.md §13, §17.

import { decodeBase32, encodeBase32 } from "../shell/base32";
import { isGenuine, isInForce, readStatement } from "./statements";

/**
 * The peer id whose names the box responds for: `found`, its own, without a delegation.
 *
 * Of several delegations the first that is genuine and in force counts. A box to which names were
 * delegated cannot delegate them further: only one step is taken.
 */
export async function ownerOf(
  found: string,
  statements: string[],
  nowMs = Date.now(),
): Promise<string> {
  const key = decodeBase32(found, 32)?.join();
  for (const statement of statements.map(decoded).map(readStatement)) {
    if (
      statement?.kind === "delegate" &&
      statement.subject.join() === key &&
      isInForce(statement, nowMs) &&
      (await isGenuine(statement))
    ) {
      return encodeBase32(statement.signer);
    }
  }
  return found;
}

// What is no base64 is no statement either.
function decoded(text: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return new Uint8Array();
  }
}
