import assert from "node:assert/strict";
import { test } from "node:test";
import { differs, tabPolicyOf } from "../../src/sw/tab-policy";

const OPENER = "cross-origin-opener-policy";
const EMBEDDER = "cross-origin-embedder-policy";
const NONE = { opener: "", embedder: "" };

test("both policies together isolate a tab, whatever their parameters", () => {
  const policy = tabPolicyOf([
    [OPENER, 'same-origin; report-to="x"'],
    [EMBEDDER, " credentialless"],
  ]);
  assert.deepEqual(policy, { opener: "same-origin", embedder: "credentialless" });
  assert.equal(differs(NONE, policy), true);
});

test("one of them alone, or one that is said twice, isolates nothing", () => {
  const embedder: [string, string] = [EMBEDDER, "require-corp"];
  const popups: [string, string] = [OPENER, "same-origin-allow-popups"];
  assert.deepEqual(tabPolicyOf([embedder]), NONE);
  assert.deepEqual(tabPolicyOf([popups, embedder]), { ...NONE, opener: popups[1] });
  const twice = tabPolicyOf([[OPENER, "same-origin"], embedder, embedder]);
  assert.deepEqual(twice, { ...NONE, opener: "same-origin" });
  assert.equal(differs(NONE, twice), false);
});

test("what is no token is no policy, and unsafe-none says nothing", () => {
  assert.deepEqual(tabPolicyOf([[OPENER, '"same-origin"><script>']]), NONE);
  assert.deepEqual(tabPolicyOf([[OPENER, "unsafe-none"]]), NONE);
});
