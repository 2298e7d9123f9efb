"""One case of the table: an answer that may be kept, a second request, and what becomes of that."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any, Literal

# reuse: the app is not asked. validate: it is asked whether the kept answer is still right.
# ask: as if nothing were kept. refresh: the page gets the kept answer, and the app is asked behind
# its back. error: the page gets a network error.
Outcome = Literal["reuse", "validate", "ask", "refresh", "error"]
Fields = list[tuple[str, str]]

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Case:
    """answers: the app's. then: requests after the first; the outcome is the last one's."""

    name: str
    outcome: Outcome
    answers: list[dict[str, Any]]
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
    answers: list[dict[str, Any]] | None = None,
    shows: dict[str, Any] | None = None,
    **answer: Any,
) -> Case:
    """fields: of the first answer. answers: those after it; without any it is repeated.

    then: the last request. between: requests before that. shows: what its answer must have:
    status, body, fields.
    """
    said = [{"fields": fields, **answer}, *(answers or [])]
    return Case(name, outcome, said, [*(between or []), then or {}], first or {}, shows or {})


# Carries out many cases and says of each what became of the last request.
RUN = """async (prefix, cases) => {
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const run = async ({ number, answers, steps }) => {
    const name = prefix + number;
    const url = `/s/${name}?` + encodeURIComponent(JSON.stringify(answers));
    const log = async () => (await fetch(`/log/${name}`, { cache: "no-store" })).json();
    let said = {};
    let before = [];
    for (const { settle_ms, at, ...init } of steps) {
      before = await log();
      try {
        const answer = await fetch(at ? url.replace("/s/", at) : url, init);
        const fields = Object.fromEntries(answer.headers);
        said = { status: answer.status, fields, body: await answer.text() };
      } catch (error) {
        said = { error: error.name };
      }
      await pause(settle_ms ?? 15);
    }
    const last = (await log()).slice(before.length);
    const conditional = last.some((r) => "if-none-match" in r || "if-modified-since" in r);
    const bodies = before.map((_, i) => `body ${i + 1}`);
    const old = bodies.includes(said.body);
    const outcome = said.error ? "error" : !last.length ? "reuse"
      : conditional ? "validate" : old ? "refresh" : "ask";
    return { number, outcome, said, last, before: before.length };
  };
  const results = [];
  const queue = [...cases];
  await Promise.all(Array.from({ length: 8 }, async () => {
    for (let next; (next = queue.shift());) results.push(await run(next));
  }));
  return results;
}"""
