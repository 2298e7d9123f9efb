"""A selected part of the cases shows nothing new; `make parity` runs all of them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.parity.areas import all_cases
from tests.parity.cases import selected
from tests.parity.compare import compare
from tests.parity.known import unexplained
from tests.parity.report import examples, table
from tests.parity.suite import ground, run_browser
from tests.support.browser import Kind


@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", ["chromium", "firefox"])
def test_nothing_new_differs_from_the_app_on_its_own_server(kind: Kind, tmp_path: Path) -> None:
    cases = selected(all_cases())

    async def run() -> str:
        async with ground(cases, tmp_path) as (app, running):
            result = await run_browser(kind, cases, app, running, tmp_path, print)
        print("\n".join(table(result)))
        return "\n".join(examples(result.total.new, each=3))

    assert asyncio.run(run()) == ""


def test_an_observation_that_differs_and_is_not_known_is_new() -> None:
    direct = {"x/y/z:status": 200, "x/y/z:text": "OK"}
    result = compare("firefox", direct, direct, {**direct, "x/y/z:text": ""}, frozenset())
    assert [one.id for one in result.total.new] == ["x/y/z:text"]


def test_a_known_difference_is_not_new_and_is_reported_when_it_is_gone() -> None:
    direct, known = {"x/y/z:status": 200}, frozenset(["x/y/z:status"])
    assert compare("firefox", direct, direct, {"x/y/z:status": 502}, known).total.new == []
    assert compare("firefox", direct, direct, direct, known).mended == ["x/y/z:status"]


def test_every_recorded_difference_has_a_reason() -> None:
    assert unexplained() == []


def test_what_the_browser_itself_does_by_chance_is_not_judged() -> None:
    result = compare("firefox", {"x/y/z:a": 1}, {"x/y/z:a": 2}, {"x/y/z:a": 3})
    assert (result.total.noise, result.total.new) == (1, [])


def test_a_case_that_fails_on_one_side_is_one_difference() -> None:
    direct = {"x/y/z:status": 200, "x/y/z:text": "OK", "x/y/z:body": ""}
    result = compare("firefox", direct, direct, {"x/y/z:error": "TypeError"})
    assert [one.id for one in result.total.new] == ["x/y/z:outcome"]


def test_an_expected_difference_that_is_equal_now_is_stale() -> None:
    same = {"x/y/z:seen.field.x-forwarded-for": "1.2.3.4"}
    assert [rule.pattern for rule in compare("firefox", same, same, same).stale] == [
        "*:seen.field.x-forwarded-for"
    ]
