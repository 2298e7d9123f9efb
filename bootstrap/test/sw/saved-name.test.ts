// The name of a file that is saved, in the octets of a field.

import assert from "node:assert/strict";
import { test } from "node:test";
import { plainDisposition } from "../../src/sw/saved-name";

for (const [name, given, expected] of [
  ["ASCII stays", 'attachment; filename="a b.txt"', 'attachment; filename="a b.txt"'],
  [
    "UTF-8 is read as such",
    'attachment; filename="\xe4\xbc\x9a \\"1.txt"; size=3',
    "attachment; filename*=UTF-8''%E4%BC%9A%20%221.txt; size=3",
  ],
  [
    "other octets are latin-1",
    "attachment; filename=\xfc.txt",
    "attachment; filename*=UTF-8''%C3%BC.txt",
  ],
  [
    "a name that is said well is left alone",
    "attachment; filename=\xfc; filename*=UTF-8''x",
    "attachment; filename=\xfc; filename*=UTF-8''x",
  ],
] as const) {
  test(name, () => assert.equal(plainDisposition(given), expected));
}
