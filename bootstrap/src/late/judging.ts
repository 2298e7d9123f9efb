// Whether a key belongs to a name where it is not plain to see: it may follow the key that is expected,
// or respond for it. Source: docs/WIRE.md §13.

import type { Judgement, Wrong } from "../messages/trust";
import { isKeyAlias, looksLikeKeyAlias } from "../shell/answer-proof";
import { lineOf } from "./belonging";

/**
 * found: the peer id of who signed. linkKey: the one that the link named. pin: what is pinned, a peer id
 * and those that it follows. statements: what came with the key.
 */
export async function judge(
  alias: string,
  found: string,
  linkKey: string | undefined,
  pin: unknown,
  statements: string[] = [],
  nowMs = Date.now(),
): Promise<Judgement> {
  const line = await lineOf(found, statements, nowMs);
  const [present, ...past] = typeof pin === "string" ? pin.split(" ") : [];
  let [because, expected]: [Wrong["because"], string | undefined] = ["first-visit", present];
  if (looksLikeKeyAlias(alias)) {
    const own = await Promise.all(line.map((key) => isKeyAlias(alias, key)));
    if (!own.includes(true)) [because, expected] = ["alias", alias];
    // A key that this visitor has seen followed is good no more, though the link names it.
  } else if (linkKey !== undefined && !past.includes(linkKey)) {
    [because, expected] = ["link", linkKey];
  }
  if (expected !== undefined && !line.includes(expected)) {
    return ["", { because, expected }];
  }
  const follows = present !== undefined && line.includes(present);
  const keys = new Set(follows ? [...line, ...past] : line);
  return [[...keys].join(" ")];
}
