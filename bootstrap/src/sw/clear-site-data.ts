// Which kinds of data the field `Clear-Site-Data` of a response names. Pure.

import type { Fields } from "../wire/heads";

/** What the fields say is to be cleared. "executionContexts" is nothing: so it is in browsers. */
export function toClear(fields: Fields): Set<string> {
  const named = new Set<string>();
  for (const [name, value] of fields) {
    if (name !== "clear-site-data") continue;
    for (const item of value.split(",")) named.add(item.trim());
  }
  const known = ["cache", "cookies", "storage"];
  return new Set(known.filter((type) => named.has(`"${type}"`) || named.has('"*"')));
}
