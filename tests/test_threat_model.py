"""docs/THREAT_MODEL.md names the test that holds each defence: this fails if one is not there."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parent
PAGE = (TESTS.parent / "docs" / "THREAT_MODEL.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`(test_\w+)`")
DEFINED = re.compile(r"^ *(?:async )?def (test_\w+)\(", re.MULTILINE)


def defined_tests() -> set[str]:
    """The names of all tests. Read as text, because importing them takes browsers and seconds."""
    return {
        name
        for file in TESTS.rglob("test_*.py")
        for name in DEFINED.findall(file.read_text(encoding="utf-8"))
    }


def test_every_test_that_the_threat_model_names_exists() -> None:
    named = set(NAMED.findall(PAGE))
    assert named
    assert sorted(named - defined_tests()) == []


def test_every_row_has_its_text_in_four_columns() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| **")]
    assert rows
    assert [row for row in rows if row.count(" |") != 4] == []
