import assert from "node:assert/strict";
import { test } from "node:test";
import { type GuestRegistration, registrationOf } from "../../src/messages/guest";

test("the registration with the longest scope that fits controls a page", () => {
  const of = (scope: string): GuestRegistration => ({ scope, type: "classic", via: "imports" });
  const list = [of("https://a.test/"), of("https://a.test/app/"), of("https://a.test/app")];
  const scope = (path: string): string | undefined =>
    registrationOf(list, `https://a.test${path}`)?.scope;
  assert.equal(scope("/app/page"), "https://a.test/app/");
  assert.equal(scope("/apple"), "https://a.test/app");
  assert.equal(scope("/"), "https://a.test/");
  assert.equal(registrationOf(list.slice(1), "https://a.test/"), undefined);
});
