"""Runs cases on one side: in a page, some abreast; a page that hangs costs those it hangs in."""

from __future__ import annotations

import asyncio
import contextlib
import time
from itertools import groupby
from typing import Any

from tests.parity.cases import Case, Sees
from tests.parity.sides import Side
from tests.parity.upstream.requests import Request
from tests.support.browser import BrowserError, Tab

ABREAST = 6
BATCH = 150
POLL_S = 0.1
# Beyond a case's own limit, which the page keeps: then the page itself is stuck.
STUCK_S = 12.0

Observations = dict[str, Any]


async def run_cases(side: Side, cases: list[Case]) -> Observations:
    """Everything that the cases let one observe on this side."""
    side.upstream.seen.clear()
    found: Observations = {}
    for (stage, alone, fresh), group in groupby(cases, lambda c: (c.stage, c.alone, c.fresh)):
        waiting = []
        for case in group:
            if case.scene is None:
                waiting.append(case)
            else:
                found |= _of_pages(side, {case.id: await _run_scene(side, case)})
        size = 1 if fresh else BATCH
        while waiting:
            batch, waiting = waiting[:size], waiting[size:]
            facts, rest = await _run_batch(side, stage, batch, 1 if alone else ABREAST)
            waiting = rest + waiting
            found |= _of_pages(side, facts)
    await asyncio.sleep(0.3)  # what a page sends without waiting for it
    side.upstream.hang_up()
    for case in cases:
        found |= _of_upstream(side, case)
    return found


async def _run_scene(side: Side, case: Case) -> dict[str, Any]:
    began = time.monotonic()
    assert case.scene is not None
    try:
        facts = await asyncio.wait_for(case.scene(side, case), case.limit_s)
    except TimeoutError:
        facts = {"hung": True}
    except BrowserError as error:
        facts = {"threw": str(error)[:100]}
    with contextlib.suppress(BrowserError):
        await side.browser.close_tabs()
    side.slow[case.id] = round((time.monotonic() - began) * 1000)
    return facts


async def _run_batch(
    side: Side, stage: str, cases: list[Case], abreast: int
) -> tuple[dict[str, Any], list[Case]]:
    """The facts by case, and the cases that were not begun before the page got stuck."""
    facts: dict[str, Any] = {}
    flying: list[str] = []
    tab: Tab | None = None
    try:
        tab = await side.open(stage)
        given = [_for_page(case) for case in cases]
        await tab.evaluate("(cases, n) => void parity.start(cases, n)", given, abreast)
        quiet_since = time.monotonic()
        while True:
            state = await tab.evaluate("() => parity.collect()", timeout_s=STUCK_S)
            for id, values, took_ms in state["done"]:
                facts[id] = values
                side.slow[id] = took_ms
            flying = state["flying"]
            if state["left"] == 0:
                break
            if state["done"]:
                quiet_since = time.monotonic()
            if time.monotonic() - quiet_since > STUCK_S:
                raise BrowserError("no case ended")
            await asyncio.sleep(POLL_S)
    except BrowserError as error:
        # Those in flight are to blame; where none is known, the first is, so that the run goes on.
        blamed = flying or [case.id for case in cases if case.id not in facts][:1]
        facts |= {id: {"stuck": str(error)[:60]} for id in blamed if id not in facts}
    finally:
        side.upstream.hang_up()  # what hangs would use up the browser's few connections
        if tab is not None:
            with contextlib.suppress(BrowserError):
                await tab.close()
    return facts, [case for case in cases if case.id not in facts]


def _for_page(case: Case) -> dict[str, Any]:
    return {
        "id": case.id,
        "act": case.act,
        "args": dict(case.args),
        "limit_ms": case.limit_s * 1000,
    }


def _of_pages(side: Side, facts: dict[str, Any]) -> Observations:
    return {
        f"{id}:{name}": side.of_page(value)
        for id, values in facts.items()
        for name, value in values.items()
    }


def _of_upstream(side: Side, case: Case) -> Observations:
    seen = side.upstream.seen.get(case.id, [])
    values: Observations = {}
    for what in case.sees:
        values |= _noted(what, seen)
    return {f"{case.id}:seen.{name}": side.of_upstream(value) for name, value in values.items()}


CONDITIONS = ("if-none-match", "if-modified-since", "if-range", "range", "cache-control", "pragma")


def _condition(request: Request) -> str:
    conditions = [f"{name}: {request.value(name)}" for name in CONDITIONS if request.value(name)]
    return "; ".join(conditions)


def _noted(what: Sees, seen: list[Request]) -> Observations:
    last = seen[-1] if seen else Request("", "", "", [])
    if what == "count":
        return {"count": len(seen)}
    if what == "lines":
        return {"lines": [f"{request.method} {request.target}" for request in seen]}
    if what == "body":
        return {"body": last.shown_body()}
    if what == "order":
        return {"order": " ".join(name for name, _ in last.fields)}
    if what == "conditions":
        return {"conditions": [_condition(request) for request in seen]}
    if what == "frames":
        return {"frames": [request.frames for request in seen]}
    names = dict.fromkeys(name.lower() for name, _ in last.fields)
    values: Observations = {f"field.{name}": last.value(name) for name in names}
    if "content-length" in names:
        values["field.content-length"] = last.length_without_boundaries()
    return values
