"""What a run prints: per area a line, then what differs, most alike together."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from p2claw.cli.output import table_lines
from tests.parity.compare import Difference, Result

SHOWN = 220


HEADS = ("area", "observed", "equal", "differ", "expected", "new", "noise", "% equal")


def table(result: Result) -> Iterator[str]:
    yield f"{result.browser}"
    rows = [
        (
            name,
            area.observed,
            area.equal,
            area.observed - area.equal - area.expected,
            area.expected,
            len(area.new),
            area.noise,
            area.per_cent,
        )
        for name, area in [*sorted(result.areas.items()), ("all", result.total)]
    ]
    yield from (f"  {line}" for line in table_lines([HEADS, *rows]))
    for rule in result.stale:
        yield f"  expected, but equal: {rule.pattern} ({rule.reason})"
    if result.mended:
        yield f"  {len(result.mended)} known differences are gone; --record strikes them out"


def examples(differences: list[Difference], each: int) -> Iterator[str]:
    """A few of every topic and fact, with both values."""

    def kind(one: Difference) -> str:
        case, _, fact = one.id.partition(":")
        return f"{case.rpartition('/')[0]}/*:{fact}"

    ordered = sorted(differences, key=lambda one: (kind(one), one.id))
    for name, group in groupby(ordered, kind):
        alike = list(group)
        yield f"  {name}: {len(alike)}"
        for one in alike[:each]:
            yield f"    {one.id}"
            yield f"      directly {_short(one.direct)}"
            yield f"      through  {_short(one.through)}"


def as_json(results: list[Result]) -> str:
    return json.dumps([_plain(result) for result in results], indent=1)


def _plain(result: Result) -> dict[str, Any]:
    return {
        "browser": result.browser,
        "areas": {
            name: {
                **{
                    key: getattr(area, key)
                    for key in ("observed", "equal", "expected", "known", "noise")
                },
                "new": len(area.new),
                "per_cent": round(area.per_cent, 2),
            }
            for name, area in [*sorted(result.areas.items()), ("all", result.total)]
        },
        "differences": [
            {"id": one.id, "direct": one.direct, "through": one.through}
            for one in result.differences
        ],
        "stale": [rule.pattern for rule in result.stale],
        "mended": result.mended,
    }


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=True)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}… ({len(text)})"
