"""The browser's HTTP cache, case by case, as an app behind p2claw meets it; and beside it the
browser's own, of the same page on its own server, whose differences are printed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.acts.visit import visit
from tests.e2e.caching import freshness, requests, responses
from tests.e2e.caching.case import RUN, Case
from tests.e2e.stack import Stack
from tests.e2e.upstreams.scripted import scripted_app
from tests.support.browser import Browser, Tab

PARTS = {"freshness": freshness.CASES, "requests": requests.CASES, "responses": responses.CASES}


@pytest.mark.parametrize("part", PARTS)
async def test_the_cache_does_what_http_asks(
    browser: Browser,
    shared_stack: Stack,
    fresh_name: str,
    part: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    cases = PARTS[part]
    async with scripted_app() as app:
        address = await shared_stack.expose(fresh_name, app.upstream)
        tab = (await visit(browser, address.url, "A scripted page")).tab
        ours = await _run(tab, "p", cases)
        direct = await browser.open(f"http://direct.localhost:{app.port}/", within="top")
        native = await _run(direct, "d", cases)
        await shared_stack.unexpose(fresh_name)
    lines = [_line(one, ours[one.number], native[one.number]) for one in cases]
    with capsys.disabled():
        print(
            f"\n{browser.kind}, {part}: {len(cases)} cases; where the browser's own cache differs:"
        )
        print("\n".join(line for line in lines if line))
    wrong = [problem for one in cases if (problem := _problem(one, ours[one.number]))]
    assert not wrong, "\n".join(wrong)


async def _run(tab: Tab, prefix: str, cases: list[Case]) -> dict[int, Any]:
    given = [
        {"number": one.number, "responses": one.responses, "steps": [one.first, *one.then]}
        for one in cases
    ]
    results = await tab.evaluate(RUN, prefix, given, timeout_s=58)
    return {result["number"]: result for result in results}


def _problem(one: Case, result: dict[str, Any]) -> str | None:
    got = result["got"]
    if result["outcome"] != one.outcome:
        return f"{one.name}: {result['outcome']}, not {one.outcome}"
    for key, value in one.shows.items():
        seen = got[key]
        if key == "fields":
            seen = {name: seen.get(name) for name in value}
        if seen != value:
            return f"{one.name}: shows {key} {seen!r}, not {value!r}"
    return None


def _line(one: Case, ours: dict[str, Any], native: dict[str, Any]) -> str | None:
    problem = _problem(one, native)
    return None if problem is None else f"  {problem}   [ours: {ours['outcome']}]"
