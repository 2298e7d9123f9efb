"""What differs between the sides, and what of that is new: neither expected nor known."""

from __future__ import annotations

import fnmatch
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.parity.expected import EXPECTED, Expected

FAILURES = ("error", "hung", "stuck", "threw")
MISSING = "(not observed)"


@dataclass(slots=True)
class Difference:
    id: str
    direct: Any
    through: Any


@dataclass(slots=True)
class Area:
    """observed: how many observations are steady when made directly. noise: how many are not."""

    observed: int = 0
    equal: int = 0
    expected: int = 0
    known: int = 0
    noise: int = 0
    new: list[Difference] = field(default_factory=list)

    @property
    def per_cent(self) -> float:
        judged = self.observed - self.expected
        return 100 * self.equal / judged if judged else 100.0


@dataclass(slots=True)
class Result:
    """differences: all of them but the expected ones. stale: expected ones that are equal now;
    mended: known ones that are equal now."""

    browser: str
    areas: dict[str, Area]
    differences: list[Difference]
    stale: list[Expected]
    mended: list[str]

    @property
    def total(self) -> Area:
        whole = Area()
        for area in self.areas.values():
            for name in ("observed", "equal", "expected", "known", "noise"):
                setattr(whole, name, getattr(whole, name) + getattr(area, name))
            whole.new += area.new
        return whole


def compare(
    browser: str,
    direct: dict[str, Any],
    again: dict[str, Any],
    through: dict[str, Any],
    known: frozenset[str] = frozenset(),
    chance: frozenset[str] = frozenset(),
) -> Result:
    """chance: observations that differed and did not when they were made once more."""
    areas: dict[str, Area] = {}
    differences: list[Difference] = []
    met: Counter[Expected] = Counter()
    equal_ids: set[str] = set()
    rules = [rule for rule in EXPECTED if browser in rule.browsers]
    direct, again, through = (outcomes(side) for side in (direct, again, through))
    other = {case for case in _cases(direct) if _fate(direct, case) != _fate(through, case)}
    for id in sorted(direct.keys() | again.keys() | through.keys()):
        if id.partition(":")[0] in other and not id.endswith(":outcome"):
            continue  # a response beside none: one difference, not one for each of its facts
        area = areas.setdefault(id.partition("/")[0], Area())
        first = direct.get(id, MISSING)
        if id in chance or first != again.get(id, MISSING):
            area.noise += 1
            continue
        area.observed += 1
        got = through.get(id, MISSING)
        if got == first:
            area.equal += 1
            equal_ids.add(id)
            continue
        rule = next((rule for rule in rules if fnmatch.fnmatchcase(id, rule.pattern)), None)
        if rule is not None:
            area.expected += 1
            met[rule] += 1
            continue
        difference = Difference(id, first, got)
        differences.append(difference)
        if id in known:
            area.known += 1
        else:
            area.new.append(difference)
    stale = [rule for rule in rules if not met[rule] and _was_run(rule, equal_ids)]
    return Result(browser, areas, differences, stale, sorted(known & equal_ids))


def outcomes(side: dict[str, Any]) -> dict[str, Any]:
    """The same, with one more observation for each case: whether it came to an end, and how."""
    found: dict[str, Any] = {}
    for id, value in side.items():
        case, _, fact = id.partition(":")
        if fact in FAILURES:
            found[f"{case}:outcome"] = f"{fact}: {value}" if fact == "error" else fact
        else:
            found.setdefault(f"{case}:outcome", "responded")
            found[id] = value
    return found


def _cases(side: dict[str, Any]) -> set[str]:
    return {id.partition(":")[0] for id in side}


def _fate(side: dict[str, Any], case: str) -> str:
    """What is left of the outcome when the text of an error does not count."""
    return str(side.get(f"{case}:outcome", MISSING)).partition(":")[0]


def _was_run(rule: Expected, ids: set[str]) -> bool:
    return any(fnmatch.fnmatchcase(id, rule.pattern) for id in ids)
