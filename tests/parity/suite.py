"""The whole comparison: upstream and stack once, then each browser directly, again, and through."""

from __future__ import annotations

import contextlib
import itertools
import json
import time
from collections.abc import AsyncIterator, Callable
from itertools import groupby
from pathlib import Path

from tests.e2e.stack import Stack, stack
from tests.parity.cases import Case
from tests.parity.compare import Result, compare
from tests.parity.known import known_differences
from tests.parity.run import Observations, run_cases
from tests.parity.sides import Side
from tests.parity.upstream.plays import Play
from tests.parity.upstream.server import Upstream, upstream
from tests.parity.upstream.sockets import SocketPlay
from tests.support.browser import Browser, Kind

_names = itertools.count(1)
# When more than this is new, it is no chance.
DOUBTFUL_MAX = 150
TRIES = 3
Log = Callable[[str], None]


def plays_of(cases: list[Case]) -> dict[str, tuple[Play | SocketPlay, ...]]:
    return {case.id + name: plays for case in cases for name, plays in case.plays.items()}


@contextlib.asynccontextmanager
async def ground(cases: list[Case], folder: Path) -> AsyncIterator[tuple[Upstream, Stack]]:
    folder.mkdir(parents=True, exist_ok=True)
    async with upstream(plays_of(cases)) as app, stack(folder) as running:
        yield app, running


async def run_browser(
    kind: Kind, cases: list[Case], app: Upstream, running: Stack, folder: Path, log: Log
) -> Result:
    """All three sides in one browser, each at an origin that it has never seen.

    What is new is tried again, so that a full machine makes nothing new: it counts if it differs
    each time.
    """
    known = frozenset(known_differences(kind))
    browser = await Browser.launch(kind, folder / kind)
    try:
        sides = await _run_sides(browser, cases, app, running, log)
        for name, found in sides.items():
            (folder / kind / f"{name}.json").write_text(json.dumps(found, indent=1, sort_keys=True))
        result = compare(kind, *sides.values(), known=known)
        chance: frozenset[str] = frozenset()
        for _ in range(TRIES - 1):
            doubtful = {one.id.partition(":")[0] for one in result.total.new}
            if not 0 < len(doubtful) <= DOUBTFUL_MAX:
                break
            log(f"{kind}: {len(doubtful)} cases once more")
            chosen = [case for case in cases if case.id in doubtful]
            again = await _run_sides(browser, chosen, app, running, log)
            differ = {one.id for one in compare(kind, *again.values(), known=known).differences}
            chance |= {one.id for one in result.total.new if one.id not in differ}
            result = compare(kind, *sides.values(), known=known, chance=chance)
    finally:
        await browser.close()
    return result


async def _run_sides(
    browser: Browser, cases: list[Case], app: Upstream, running: Stack, log: Log
) -> dict[str, Observations]:
    number = next(_names)
    sides: dict[str, Observations] = {"direct": {}, "again": {}, "through": {}}
    # Each area is an origin of its own, so that none sees what another one stored.
    for area, own in groupby(cases, lambda case: case.area):
        group = list(own)
        app_name = f"{area}{number}"
        address = await running.expose(app_name, app.address)
        for side in (
            Side("direct", f"http://a-{app_name}.localhost:{app.port}", "top", browser, app),
            Side("again", f"http://b-{app_name}.localhost:{app.port}", "top", browser, app),
            Side("through", address.url.rstrip("/"), "app", browser, app),
        ):
            sides[side.name].update(await _timed(side, group, area, log))
        await running.unexpose(app_name)
    return sides


async def _timed(side: Side, cases: list[Case], area: str, log: Log) -> Observations:
    began = time.monotonic()
    found = await run_cases(side, cases)
    log(f"{side.browser.kind} {area} {side.name}: {len(found)} in {time.monotonic() - began:.0f} s")
    return found
