"""The stage of the case `visitors`: an app behind an agent on one side of a line, its visitors on
the other, and beside them a client of the kernel's TCP under BBR, of the same nginx.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from aiohttp import web

from bench.page.scene import FLAGS
from bench.path import bench_folder
from bench.wan.flow import PRIORITY
from bench.wan.lines import Line
from bench.wan.network import DEVICE, RECEIVER_ADDRESS, SENDER_ADDRESS, network
from tests.e2e.stack import Stack, stack
from tests.lab.host import Host, host
from tests.support import namespaces
from tests.support.browser import Browser, Kind
from tests.support.nginx import nginx

# Who visits: by TCP without p2claw, by the visitor in Python, by a browser.
By = Kind | Literal["tcp-bbr", "fetch"]
BYS: tuple[By, ...] = ("tcp-bbr", "fetch", *get_args(Kind))
FILE_BYTES = 2_000_000_000  # more than any line carries in a run; it has no block on the disk
TCP_PORT = 8080
_PAGE = "<!doctype html><title>wan</title>"
_LOCATIONS = """
listen {address}:{port};
location = /file {{ add_header Cache-Control no-store; }}
location = /sink {{
    client_max_body_size 0;
    proxy_pass {sink};
    proxy_http_version 1.1;
    proxy_request_buffering off;
}}
"""
# A visitor in Firefox names its addresses by mDNS otherwise, which no agent here resolves.
_PREFS: dict[str, bool | int | str] = {"media.peerconnection.ice.obfuscate_host_addresses": False}


@dataclass(slots=True)
class Sink:
    """What came of uploads: the times, of the monotonic clock, and sizes of what was read."""

    arrivals: list[tuple[float, int]] = field(default_factory=list)

    def within(self, seconds: float) -> int:
        """Bytes that came from the first of them on, for so long."""
        if not self.arrivals:
            return 0
        ends = self.arrivals[0][0] + seconds
        return sum(size for at, size in self.arrivals if at <= ends)

    async def respond(self, request: web.BaseRequest) -> web.Response:
        with contextlib.suppress(OSError):  # every upload is broken off
            async for piece in request.content.iter_any():
                self.arrivals.append((time.monotonic(), len(piece)))
        return web.Response(text="read")


@dataclass(frozen=True, slots=True)
class Stage:
    """box, visitor: hosts at the ends of the line. url: of the app. edge: where it is visited."""

    box: Host
    visitor: Host
    stack: Stack
    sink: Sink
    url: str
    edge: str
    browsers: dict[str, Browser]

    @property
    def tcp_url(self) -> str:
        return f"http://{SENDER_ADDRESS}:{TCP_PORT}"

    async def plane(self) -> dict[str, Any]:
        """What the agent reports of its newest link; empty if there is none."""
        links = (await self.box.run(self.stack.ask("GET", "/v1/sessions")))["sessions"]
        newest = min(links, key=lambda link: float(link["age_s"]), default={"plane": None})
        return dict(newest["plane"] or {})


@contextlib.asynccontextmanager
async def visiting_stage(
    line: Line, way: str, bys: Sequence[By], *, bootstrap: Path | None, real_time: bool
) -> AsyncIterator[Stage]:
    """One line with all that stands at its ends. way: what is sent goes down to the visitor or up
    from it. bootstrap: as of Stack. real_time: as of Terms.

    Raises UsageError as `network` and `nginx`; BrowserError.
    """
    there, back = line.directions() if way == "down" else reversed(line.directions())
    async with contextlib.AsyncExitStack() as ends:
        folder = ends.enter_context(bench_folder())
        joined = await ends.enter_async_context(network(there, back, seed=1))
        _use_bbr(joined.sender, SENDER_ADDRESS)
        _use_bbr(joined.receiver, RECEIVER_ADDRESS)
        box = await ends.enter_async_context(host(joined.sender, SENDER_ADDRESS))
        visitor = await ends.enter_async_context(host(joined.receiver, RECEIVER_ADDRESS))
        if real_time:
            await box.run(_come_first())
            await visitor.run(_come_first())
        sink = Sink()
        upstream = await _upstream(ends, box, folder, sink)
        whole = await ends.enter_async_context(
            box.hold(stack(folder, listens_at="0.0.0.0", bootstrap=bootstrap))
        )
        app = await box.run(whole.expose("bench", upstream))
        browsers: dict[str, Browser] = {}
        kinds: list[Kind] = [kind for kind in get_args(Kind) if kind in bys]
        if kinds:
            await ends.enter_async_context(visitor.hold(_led_to(SENDER_ADDRESS, whole.port)))
            for kind in kinds:
                browsers[kind] = await visitor.run(_launch(kind, folder / kind))
                ends.push_async_callback(_ended, visitor, browsers[kind])
        yield Stage(
            *(box, visitor, whole, sink, app.url),
            edge=f"http://{SENDER_ADDRESS}:{whole.port}",
            browsers=browsers,
        )


async def _come_first() -> None:
    """The thread of a host, and whatever it starts, comes before all else on this machine."""
    os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(PRIORITY))


def _use_bbr(namespace: str, own: str) -> None:
    """Connections over the line are the kernel's under BBR; those of loopback stay as they are."""
    namespaces.ip(
        *("-n", namespace, "route", "replace", "10.99.0.0/30", "dev", DEVICE),
        *("proto", "kernel", "scope", "link", "src", own, "congctl", "bbr"),
    )
    # Firefox uses the addresses of the default route alone.
    namespaces.ip("-n", namespace, "route", "add", "default", "dev", DEVICE)


async def _upstream(ends: contextlib.AsyncExitStack, box: Host, folder: Path, sink: Sink) -> str:
    www = folder / "www"
    www.mkdir()
    (www / "index.html").write_text(_PAGE)
    with (www / "file").open("wb") as file:
        file.truncate(FILE_BYTES)
    sink_url = await ends.enter_async_context(box.hold(_sink(sink)))
    locations = _LOCATIONS.format(address=SENDER_ADDRESS, port=TCP_PORT, sink=sink_url)
    running = nginx(folder, requests_a_connection=1_000_000, locations=locations)
    return f"http://127.0.0.1:{await ends.enter_async_context(box.hold(running))}"


@contextlib.asynccontextmanager
async def _sink(sink: Sink) -> AsyncIterator[str]:
    runner = web.ServerRunner(web.Server(sink.respond), access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def _led_to(address: str, port: int) -> AsyncIterator[None]:
    """The visitor's loopback leads to the edge: what ends in .localhost is there for browsers."""

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            there_reader, there_writer = await asyncio.open_connection(address, port)
            await asyncio.gather(_copy(reader, there_writer), _copy(there_reader, writer))

    server = await asyncio.start_server(carry, "127.0.0.1", port)
    try:
        yield
    finally:
        server.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while piece := await reader.read(65_536):
            writer.write(piece)
            await writer.drain()
    writer.close()


async def _launch(kind: Kind, folder: Path) -> Browser:
    flags = FLAGS if kind == "chromium" else ()
    prefs = _PREFS if kind == "firefox" else None
    return await Browser.launch(kind, folder, flags=flags, prefs=prefs, reports=False)


async def _ended(visitor: Host, browser: Browser) -> None:
    await visitor.run(browser.close())
