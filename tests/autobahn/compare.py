"""What differs between a case run directly and through p2claw, and which of it is right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any

from tests.autobahn.run import Outcome, Outcomes

BOTH = ("chromium", "firefox")


@dataclass(frozen=True, slots=True)
class Difference:
    """fact: `messages` and `end` are the suite's verdicts, `remote` the code of the Close that it
    had, `page.…` what the page saw. reason: "" where none is known, and it is a fault."""

    case: str
    fact: str
    direct: Any
    through: Any
    reason: str


@dataclass(frozen=True, slots=True)
class Expected:
    """pattern: of a case's id, a fact and its two values, with spaces between (fnmatch)."""

    pattern: str
    reason: str
    browsers: tuple[str, ...] = BOTH


WORDS = "an app that breaks a rule gets the box's reason, with a code of RFC 6455 §7.4.1"
NO_CODE = "no code of a Close: RFC 6455 §7.4 ends at 4999, and §7.4.1 forbids these"
LATE = "what an app says after its Close is nobody's (RFC 6455 §1.4); Chromium calls it a fault"

SOON = "Firefox drops what came right before a fault, `open` too, and may break off without a Close"

EXPECTED = (
    *(Expected(f"6.* {fact} *", WORDS) for fact in ("remote", "end")),
    *(Expected(f"7.5.1 {fact} *", WORDS) for fact in ("remote", "end")),
    *(Expected(f"{case} *", NO_CODE) for case in ("7.3.2", "7.9.*", "7.13.*")),
    *(Expected(f"7.1.{n} page.*", LATE, ("chromium",)) for n in (2, 3, 4, 5, 6)),
    *(
        Expected(f"* {change}", SOON, ("firefox",))
        for change in (
            "page.opened False True",
            "page.messages 0 1",
            "remote None 100[27]",
            "messages NON-STRICT OK",
        )
    ),
)


def compare(browser: str, outcomes: Outcomes) -> Iterator[Difference]:
    """Every fact that differs, and not by chance."""
    for case, sides in outcomes.items():
        direct, again, through = (_facts(sides[side]) for side in ("direct", "again", "through"))
        for fact in dict.fromkeys([*direct, *through]):
            first, got = direct.get(fact), through.get(fact)
            if first == again.get(fact) and first != got:
                reason = _reason(browser, f"{case} {fact} {first} {got}")
                yield Difference(case, fact, first, got, reason)


def _reason(browser: str, subject: str) -> str:
    for rule in EXPECTED:
        if browser in rule.browsers and fnmatchcase(subject, rule.pattern):
            return rule.reason
    return ""


def _facts(outcome: Outcome) -> dict[str, Any]:
    facts = asdict(outcome)
    page = facts.pop("page") or {"ended": False}
    return facts | {f"page.{name}": value for name, value in page.items()}
