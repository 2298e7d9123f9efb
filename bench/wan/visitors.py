"""How much of a line visitors fill, both ways, through the whole of p2claw, beside TCP under BBR.

A link is open before it is measured, and has carried no bulk; a TCP connection is opened by its
request. Downloads count from the request on, uploads from the first byte that the app has, and are
sent for longer than they are measured: what is broken off is not all delivered, more of it by TCP.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import statistics
from collections import defaultdict
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from bench.dataplane.chromium import browser_cpu_s
from bench.processes import Child, cpu_s
from bench.report import Report, ratios, spread
from bench.wan.flow import PRIORITY
from bench.wan.lines import Line, of_one_bdp
from bench.wan.terms import Terms
from bench.wan.visiting import By, Stage, visiting_stage
from bench.wan.watching import rss_bytes, watch
from tests.support import namespaces
from tests.support.browser import Tab

MB = 1_000_000
LINES = [
    of_one_bdp(50, 100, 0),
    of_one_bdp(50, 100, 1),
    of_one_bdp(50, 16, 0.1),
    of_one_bdp(100, 50, 2),
]
WAYS = ("down", "up")
PEER = "tcp-bbr"
SLACK_S = 20
TAIL_S = 1  # an upload goes on for so long after it was measured

# Bytes of a body that a page has read in so many ms, from its request on.
_DOWN = """async (path, ms) => {
  const stop = new AbortController();
  let bytes = 0;
  setTimeout(() => stop.abort(), ms);
  try {
    const reader = (await fetch(path, { signal: stop.signal })).body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      bytes += value.length;
    }
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  }
  return bytes;
}"""
# A body of so many MB, which is one MB again and again; broken off after so many ms.
_UP = """async (path, megabytes, ms) => {
  const stop = new AbortController();
  setTimeout(() => stop.abort(), ms);
  const body = new Blob(Array(megabytes).fill(new Uint8Array(1_000_000)));
  try {
    await fetch(path, { method: "POST", body, signal: stop.signal });
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  }
  return 0;
}"""


async def run(
    report: Report,
    terms: Terms,
    *,
    lines: Sequence[Line],
    bys: Sequence[By],
    ways: Sequence[str],
    bootstrap: Path | None,
) -> None:
    """On each line, each way, all who visit take turns, `runs` times; then a summary for each."""
    for line in lines:
        for way in ways:
            done: dict[str, list[float]] = defaultdict(list)
            async with visiting_stage(
                line, way, bys, bootstrap=bootstrap, real_time=terms.real_time
            ) as stage:
                for number in range(terms.runs):
                    for by in bys:
                        facts = await _once(stage, by, way, terms, line)
                        done[by].append(facts["mb_per_s"])
                        report.line(**_where(line, way, by), run=number, **facts)
            for who, rates in done.items():
                beside = done.get(PEER)
                report.line(
                    summary=True,
                    **_where(line, way, who),
                    mb_per_s=spread(rates),
                    of_link=round(statistics.median(rates) * MB / line.bytes_per_s, 3),
                    **({"of_tcp_bbr": ratios(rates, beside)} if beside else {}),
                    runs=terms.runs,
                    seconds=terms.seconds,
                )


def _where(line: Line, way: str, by: str) -> dict[str, Any]:
    return {"bench": "wan", "case": "visitors", "way": way, "by": by, **line.facts()}


async def _once(stage: Stage, by: By, way: str, terms: Terms, line: Line) -> dict[str, Any]:
    seconds = terms.seconds
    async with contextlib.AsyncExitStack() as ends:
        go, clock_s, memory = await _ready(ends, stage, by, way, terms, line)
        stage.sink.arrivals.clear()
        before_s = cpu_s(stage.stack.agent_pid), clock_s()
        watching = asyncio.create_task(
            watch(stage, memory, seconds, is_sender=by != PEER and way == "down")
        )
        came = await go
        got = came if way == "down" else stage.sink.within(seconds)
        carried = came if way == "down" else stage.sink.within(seconds + SLACK_S)
        after_s = cpu_s(stage.stack.agent_pid), clock_s()
        agent_s, visitor_s = (b - a for a, b in zip(before_s, after_s, strict=True))
        gigabytes = max(carried, 1) / 1e9
        return {
            "mb_per_s": round(got / MB / seconds, 2),
            **({} if by == PEER else {"agent_cpu_s_per_gb": round(agent_s / gigabytes, 2)}),
            "visitor_cpu_s_per_gb": round(visitor_s / gigabytes, 2),
            **await watching,
        }


async def _ready(
    ends: contextlib.AsyncExitStack, stage: Stage, by: By, way: str, terms: Terms, line: Line
) -> tuple[Coroutine[Any, Any, int], Callable[[], float], Callable[[], int]]:
    """A visitor whose link is open: what it will do, its processor clock and its memory."""
    path, seconds = "/file" if way == "down" else "/sink", terms.seconds
    if way == "up":
        seconds += TAIL_S
    browser = stage.browsers.get(by)
    if browser is not None:
        tab = await stage.visitor.run(browser.open(stage.url + "index.html"))
        ends.push_async_callback(_closed, stage, tab)
        await stage.visitor.run(tab.wait_for("() => document.title === 'wan'"))
        megabytes = int(line.bytes_per_s * seconds / MB) + 1
        given = (_DOWN, path) if way == "down" else (_UP, path, megabytes)
        work = tab.evaluate(*given, round(seconds * 1000), timeout_s=seconds + SLACK_S)
        pids = browser.processes()
        return stage.visitor.run(work), lambda: browser_cpu_s(browser), lambda: rss_bytes(pids)
    where = (stage.tcp_url,) if by == PEER else (stage.url, stage.edge)
    within = namespaces.inside(stage.visitor.name)
    child = await Child.start("bench.wan.visit", *where, within=within)
    ends.push_async_callback(child.end)
    if terms.real_time:
        os.sched_setscheduler(child.pid, os.SCHED_RR, os.sched_param(PRIORITY))
    await child.receive(timeout_s=SLACK_S)

    async def go() -> int:
        command = {"do": way, "path": path, "seconds": seconds}
        return int((await child.ask(command, timeout_s=seconds + SLACK_S)).get("bytes", 0))

    return go(), lambda: cpu_s(child.pid), lambda: rss_bytes([child.pid])


async def _closed(stage: Stage, tab: Tab) -> None:
    await stage.visitor.run(tab.close())
