"""Commands to a peer of another make: in a child process, or in a page of a real browser.

start; offer, answer(sdp), accept(sdp): session descriptions, complete with candidates.
open(label, ordered, maxRetransmits, maxPacketLifeTime, protocol, negotiated, id): its place.
find(label): waits until it is open, then its place and terms.
send(channel, messages); received(channel, count); digest(channel, bytes): see pattern.py.
close(channel), closed(channel), end.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import sys
from abc import ABC, abstractmethod
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.support.browser import Browser, Kind, Tab

HERE = Path(__file__).parent
LINE_LIMIT = 2**24
DEADLINE_S = 30
CHILDREN = {
    "aiortc": (sys.executable, "-m", "tests.peers.python_peer", "aiortc"),
    "wrtc": (sys.executable, "-m", "tests.peers.python_peer", "wrtc"),
    "node-datachannel": ("node", str(HERE / "node_peer.mjs"), "node-datachannel"),
    "werift": ("node", str(HERE / "node_peer.mjs"), "werift"),
}
PAGES: dict[str, Kind] = {"chromium": "chromium", "firefox": "firefox"}


class PeerError(Exception):
    """The peer refused a command; the text says why."""


class Remote(ABC):
    """A peer that takes commands."""

    @abstractmethod
    async def do(self, name: str, timeout_s: float = DEADLINE_S, **given: Any) -> Any:
        """One command and its reply. Raises PeerError, or BrowserError."""


class Child(Remote):
    """A peer in a process of its own."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._reader = asyncio.create_task(self._read())

    async def do(self, name: str, timeout_s: float = DEADLINE_S, **given: Any) -> Any:
        assert self._process.stdin is not None
        number = next(self._numbers)
        reply = self._waiting[number] = asyncio.get_running_loop().create_future()
        line = json.dumps({"number": number, "do": name, **given})
        self._process.stdin.write(line.encode() + b"\n")
        try:
            return await asyncio.wait_for(reply, timeout_s)
        except TimeoutError:
            raise PeerError(f"no reply to {name} within {timeout_s} s") from None
        finally:
            self._waiting.pop(number, None)

    async def end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        await self._reader

    async def _read(self) -> None:
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            message = json.loads(line)
            reply = self._waiting.get(message["number"])
            if reply is None or reply.done():
                continue
            if "error" in message:
                reply.set_exception(PeerError(message["error"]))
            else:
                reply.set_result(message["ok"])
        for reply in self._waiting.values():
            if not reply.done():
                reply.set_exception(PeerError("the peer's process ended; see its log"))


class Page(Remote):
    """A peer in a page."""

    def __init__(self, tab: Tab) -> None:
        self._tab = tab

    async def do(self, name: str, timeout_s: float = DEADLINE_S, **given: Any) -> Any:
        command = {"do": name, **given}
        return await self._tab.evaluate("c => peer.run(c)", command, timeout_s=timeout_s)


@contextlib.asynccontextmanager
async def remote(name: str, folder: Path) -> AsyncIterator[Remote]:
    """Start the peer of this name; its profile and its log go to `folder`."""
    running = _child(name, folder) if name in CHILDREN else _page(PAGES[name], folder)
    async with running as peer:
        yield peer


@contextlib.asynccontextmanager
async def _child(name: str, folder: Path) -> AsyncIterator[Remote]:
    with (folder / f"{name}.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *CHILDREN[name], stdin=PIPE, stdout=PIPE, stderr=log, limit=LINE_LIMIT
        )
    child = Child(process)
    try:
        yield child
    finally:
        await child.end()


@contextlib.asynccontextmanager
async def _page(kind: Kind, folder: Path) -> AsyncIterator[Remote]:
    # From a loopback address: a page that is not secure has no SHA-256.
    app = web.Application()
    app.router.add_get("/{file:page.html|peer.mjs}", _file)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        browser = await Browser.launch(kind, folder)
        try:
            host, port = runner.addresses[0][:2]
            tab = await browser.open(f"http://{host}:{port}/page.html", within="top")
            await tab.wait_for("() => globalThis.peer !== undefined")
            yield Page(tab)
        finally:
            await browser.close()
    finally:
        await runner.cleanup()


async def _file(request: web.Request) -> web.FileResponse:
    return web.FileResponse(HERE / request.match_info["file"])
