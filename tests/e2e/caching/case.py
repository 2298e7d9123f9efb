"""One case of the table: a response that may be kept, a second request, and its outcome."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any, Literal

# reuse: the app is not asked. validate: it is asked whether the kept response is still right.
# ask: as if nothing were kept. refresh: the page gets what is kept, and the app is asked behind
# its back. error: the page gets a network error.
Outcome = Literal["reuse", "validate", "ask", "refresh", "error"]
Fields = list[tuple[str, str]]

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Case:
    """responses: the app's. then: requests after the first; the outcome is the last one's."""

    name: str
    outcome: Outcome
    responses: list[dict[str, Any]]
    then: list[dict[str, Any]]
    first: dict[str, Any] = field(default_factory=dict)
    shows: dict[str, Any] = field(default_factory=dict)
    number: int = field(default_factory=lambda: next(_numbers))


def case(
    name: str,
    outcome: Outcome,
    fields: Fields,
    *,
    then: dict[str, Any] | None = None,
    between: list[dict[str, Any]] | None = None,
    first: dict[str, Any] | None = None,
    responses: list[dict[str, Any]] | None = None,
    shows: dict[str, Any] | None = None,
    **response: Any,
) -> Case:
    """fields: of the first response. responses: those after it; without any it is repeated.

    then: the last request. between: requests before that. shows: what its response must have:
    status, body, fields.
    """
    script = [{"fields": fields, **response}, *(responses or [])]
    return Case(name, outcome, script, [*(between or []), then or {}], first or {}, shows or {})


# Carries out many cases and returns of each the outcome of the last request.
RUN = """async (prefix, cases) => {
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const run = async ({ number, responses, steps }) => {
    const name = prefix + number;
    const url = `/s/${name}?` + encodeURIComponent(JSON.stringify(responses));
    const log = async () => (await fetch(`/log/${name}`, { cache: "no-store" })).json();
    let got = {};
    let before = [];
    for (const { settle_ms, at, ...init } of steps) {
      before = await log();
      try {
        const response = await fetch(at ? url.replace("/s/", at) : url, init);
        const fields = Object.fromEntries(response.headers);
        got = { status: response.status, fields, body: await response.text() };
      } catch (error) {
        got = { error: error.name };
      }
      await pause(settle_ms ?? 15);
    }
    const last = (await log()).slice(before.length);
    const conditional = last.some((r) => "if-none-match" in r || "if-modified-since" in r);
    const bodies = before.map((_, i) => `body ${i + 1}`);
    const old = bodies.includes(got.body);
    const outcome = got.error ? "error" : !last.length ? "reuse"
      : conditional ? "validate" : old ? "refresh" : "ask";
    return { number, outcome, got, last, before: before.length };
  };
  const results = [];
  const queue = [...cases];
  await Promise.all(Array.from({ length: 8 }, async () => {
    for (let next; (next = queue.shift());) results.push(await run(next));
  }));
  return results;
}"""
