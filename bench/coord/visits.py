"""visits: what one visit of a real browser costs coordinator and edge, in bytes and in processor.

The first visit of a browser, and the next one; of a box behind a NAT, which is introduced, and of
one that is dialled. Bytes are those of TCP without TLS: a handshake of TLS 1.3 adds some 3 KB for
each connection. Also what a box costs that does nothing but stay connected.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path

from bench.coord.counted import Counted, counted
from bench.path import bench_folder, files_of_nginx
from bench.processes import cpu_s
from bench.report import Report, spread
from p2claw.link.ice.host_addresses import host_addresses
from tests.e2e.acts.visit import visit
from tests.e2e.apps.foreign import free_port
from tests.e2e.stack import Stack
from tests.support.browser import Browser

_TEXT = "A page of a bench"
# What a page still fetches, and the end of its signalling.
_AFTER_S = 3.0
_IDLE_S = 60.0
_WAYS = {"introduced": (), "dialled": ("--public-address", host_addresses()[0].host)}


async def run(report: Report, args: argparse.Namespace) -> None:
    for way, options in _WAYS.items():
        async with _scene(options) as (stack, visitors, box, browser, upstream):
            rows: dict[str, list[dict[str, float]]] = {"first": [], "repeat": []}
            for number in range(-1, args.runs):
                address = await stack.expose(f"run{number + 1}", upstream)
                report.progress("visits", max(0, number), args.runs, way)
                for kind in rows:
                    found = await _once(stack, visitors, box, browser, address.url)
                    if number >= 0:  # the first loads code that no later one pays for
                        rows[kind].append(found)
            for kind, found_all in rows.items():
                report.line(
                    bench="coord",
                    case="visits",
                    way=way,
                    visit=kind,
                    runs=args.runs,
                    **{name: spread([row[name] for row in found_all]) for name in found_all[0]},
                )
            if way == "introduced":
                await _idle(report, box)


async def _once(
    stack: Stack, visitors: Counted, box: Counted, browser: Browser, url: str
) -> dict[str, float]:
    before, before_box, used = visitors.counts(), box.counts(), cpu_s(stack.server_pid)
    tab = (await visit(browser, url, _TEXT)).tab
    await asyncio.sleep(_AFTER_S)
    await tab.close()
    await asyncio.sleep(0.5)
    after, after_box = visitors.counts(), box.counts()
    return {
        "to_visitor_bytes": after[1] - before[1],
        "from_visitor_bytes": after[0] - before[0],
        "connections": after[2] - before[2],
        "to_box_bytes": after_box[1] - before_box[1],
        "from_box_bytes": after_box[0] - before_box[0],
        "server_cpu_ms": round(1000 * (cpu_s(stack.server_pid) - used), 2),
    }


async def _idle(report: Report, box: Counted) -> None:
    before, began = box.counts(), time.monotonic()
    await asyncio.sleep(_IDLE_S)
    after, hours = box.counts(), (time.monotonic() - began) / 3_600
    report.line(
        bench="coord",
        case="idle-box",
        to_box_bytes_per_hour=round((after[1] - before[1]) / hours),
        from_box_bytes_per_hour=round((after[0] - before[0]) / hours),
    )


@contextlib.asynccontextmanager
async def _scene(
    options: tuple[str, ...],
) -> AsyncIterator[tuple[Stack, Counted, Counted, Browser, str]]:
    """Server, agent, a browser, and both their ways to the server."""
    async with contextlib.AsyncExitStack() as ends:
        folder: Path = ends.enter_context(bench_folder())
        visitors = await ends.enter_async_context(counted())
        box = await ends.enter_async_context(counted())
        (folder / "www").mkdir()
        (folder / "www" / "index.html").write_text(f"<!doctype html><title>page</title>{_TEXT}")
        upstream = await ends.enter_async_context(files_of_nginx(folder))
        stack = Stack(folder, free_port())
        ends.push_async_callback(stack.end_all)
        visitors.target = box.target = stack.port
        names = ("--name", f"localhost:{box.port}", "--public-port", str(visitors.port))
        await stack.start_server(*names)
        agent = Stack(folder, box.port)
        ends.push_async_callback(agent.end_all)
        await agent.start_agent(*options)
        (folder / "browser").mkdir()
        browser = await Browser.launch("chromium", folder / "browser")
        ends.push_async_callback(browser.close)
        yield stack, visitors, box, browser, upstream
