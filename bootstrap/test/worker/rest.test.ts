// tests/vectors/rests.json.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Fields } from "../../src/wire/heads";
import { type ResponseFacts, Rest } from "../../src/worker/rest";
import { read } from "../vectors";

const rests = read<{
  asked: { name: string; response: ResponseFacts; came: number; request: Fields; rest: Fields }[];
  never: { name: string; method: string; response: ResponseFacts }[];
  continued: { name: string; response: ResponseFacts; skip: number | null }[];
}>("rests");

const short: ResponseFacts = {
  status: 200,
  fields: [
    ["etag", '"v1"'],
    ["content-length", "10"],
  ],
};

function after(came: number, head: ResponseFacts): Rest {
  const rest = Rest.of("GET", head);
  assert.ok(rest);
  rest.came = came;
  return rest;
}

for (const { name, response, came, request, rest } of rests.asked) {
  test(`the rest is asked for by range: ${name}`, () =>
    assert.deepEqual(after(came, response).fields(request), rest));
}

for (const { name, method, response } of rests.never) {
  test(`there is no way to ask for the rest: ${name}`, () =>
    assert.equal(Rest.of(method, response), undefined));
}

for (const { name, response, skip } of rests.continued) {
  test(`a response is the rest or is not: ${name}`, () =>
    assert.equal(after(7, short).skipped(response) ?? null, skip));
}

test("nothing is missing once all bytes have come", () => {
  assert.equal(after(9, short).whole, false);
  assert.equal(after(10, short).whole, true);
});
