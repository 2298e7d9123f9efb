"""Autobahn's cases, but for those about speed, end through p2claw as they end directly."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.autobahn.compare import compare
from tests.autobahn.run import Outcome, run
from tests.support.browser import Kind

# 9 and most of 12 and 13 send the same, and more of it: `make autobahn`.
SLOW = ["9.*", "12.*", "13.*"]
# Closes with codes that nobody has registered: browsers take them, and so does the box.
UNREGISTERED = {"7.9.3", "7.9.6", "7.9.7", "7.9.8", "7.9.9"}


@pytest.mark.timeout(200)
@pytest.mark.parametrize("kind", ["chromium", "firefox"])
def test_a_page_and_an_app_see_of_each_other_what_they_see_directly(
    kind: Kind, tmp_path: Path
) -> None:
    outcomes = asyncio.run(run((kind,), [], SLOW, tmp_path, print))[kind]
    assert len(outcomes) > 240
    assert [one for one in compare(kind, outcomes) if not one.reason] == []
    failed = {id for id, sides in outcomes.items() if sides["through"].messages == "FAILED"}
    assert failed == UNREGISTERED


def test_a_fact_that_differs_only_through_p2claw_is_a_difference() -> None:
    direct = Outcome("OK", "OK", 1000, {"code": 1000})
    cut = Outcome("OK", "OK", 1000, {"code": 1006})
    same = {"1.1.1": {"direct": direct, "again": direct, "through": direct}}
    other = {"1.1.1": {"direct": direct, "again": direct, "through": cut}}
    chance = {"1.1.1": {"direct": direct, "again": cut, "through": cut}}
    assert [*compare("firefox", same)] == [*compare("firefox", chance)] == []
    assert [one.fact for one in compare("firefox", other)] == ["page.code"]
