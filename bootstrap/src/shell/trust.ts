// Whether a key belongs to the name in the address bar: by the name itself, by the link, or by the
// first visit. Source: docs/WIRE.md §13.

import { isKeyAlias, looksLikeKeyAlias } from "./answer-proof";
import { readPin, writePin } from "./pins";

export type Trust =
  | { kind: "trusted" }
  /** The key is not the one that was expected. `expected`: its peer id, or the alias itself. */
  | { kind: "wrong"; because: "alias" | "link" | "first-visit"; expected: string };

/** linkKey: the peer id that the link named. */
export async function judge(
  alias: string,
  peerId: string,
  linkKey: string | undefined,
): Promise<Trust> {
  if (looksLikeKeyAlias(alias)) {
    if (await isKeyAlias(alias, peerId)) return { kind: "trusted" };
    return { kind: "wrong", because: "alias", expected: alias };
  }
  if (linkKey !== undefined && linkKey !== peerId) {
    return { kind: "wrong", because: "link", expected: linkKey };
  }
  // Where storage is denied every visit is a first one.
  const pinned = await readPin(alias).catch(() => undefined);
  if (linkKey === undefined && pinned !== undefined && pinned !== peerId) {
    return { kind: "wrong", because: "first-visit", expected: pinned };
  }
  if (pinned !== peerId) await writePin(alias, peerId).catch(() => undefined);
  return { kind: "trusted" };
}
