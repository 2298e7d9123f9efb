"""One cell of the matrix: a visitor, real in every part, at the app of a box."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab.host import Host
from tests.lab.laboratory import SERVER_ADDRESS6, SERVER_ADDRESSES
from tests.lab.services import EDGE_PORT, Box, pattern
from tests.lab.theory import Outcome
from tests.lab.visit import DOWN_BYTES, LOOK_AGAIN_S, UP_BYTES
from tests.support.browser import Browser, BrowserError, Kind, Tab

VISIT_TIMEOUT_S = 70.0
PAGE_TIMEOUT_S = 40.0
STALLED_S = 15.0  # a megabyte that has not arrived by then


@dataclass(frozen=True, slots=True)
class Cell:
    """What came of one visit.

    outcome: the path at once; later: the path after some seconds. open_ms: until the link was open
    (`fetch`) or the page was there. whole: both transfers arrived as they were sent. code: why not,
    `upload-stalled` if only what a browser sent did not arrive. noise: what the visitor wrote to
    standard error.
    """

    outcome: Outcome
    later: Outcome
    open_ms: float
    whole: bool
    code: str = ""
    noise: str = ""


async def by_fetch(host: Host, box: Box) -> Cell:
    """The visitor in Python, in a process of its own."""
    address = SERVER_ADDRESSES[0] if "." in host.address else f"[{SERVER_ADDRESS6}]"
    report = await host.run(_visit(box.url, f"http://{address}:{EDGE_PORT}"))
    path = report.get("path", "failed")
    return Cell(
        outcome=path,
        later=report.get("later", "failed"),
        open_ms=report["open_ms"],
        whole=bool(report.get("down") and report.get("up")),
        code=report.get("error", ""),
        noise=report["noise"],
    )


async def by_browser(kind: Kind, host: Host, box: Box, folder: Path) -> Cell:
    """A page of the app in a browser of its own, fresh. The box says which path it is on."""
    return await host.run(_browse(kind, host, box, folder))


async def _visit(url: str, edge: str) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.lab.visit", url, edge), stdout=PIPE, stderr=PIPE
    )
    try:
        async with asyncio.timeout(VISIT_TIMEOUT_S):
            out, noise = await process.communicate()
    except TimeoutError:
        out, noise = b"", b""
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    # Other cells go on where a visitor ends, or has to be ended, without a report.
    report = json.loads(out) if out else {"error": "no-report", "open_ms": VISIT_TIMEOUT_S * 1000}
    return {**report, "noise": noise.decode()}


async def _browse(kind: Kind, host: Host, box: Box, folder: Path) -> Cell:
    async with edge_of_its_own(host):
        browser = await Browser.launch(kind, folder)
        try:
            began = time.monotonic()
            tab = await browser.open(box.url)
            try:
                await tab.wait_for("() => document.title === 'lab'", timeout_s=PAGE_TIMEOUT_S)
            except BrowserError:
                return Cell("failed", "failed", _ms(began), False, "no-page")
            opened, open_ms = time.monotonic(), _ms(began)
            outcome = await path_of(box)
            code = await transfer_fault(tab)
            await asyncio.sleep(max(0.0, opened + LOOK_AGAIN_S - time.monotonic()))
            return Cell(outcome, await path_of(box), open_ms, not code, code)
        finally:
            await browser.close()


async def path_of(box: Box) -> Outcome:
    """Of the newest link, as the box sees it."""
    links = (await box.agent.api.get("/v1/sessions"))["sessions"]
    newest = min(links, key=lambda link: link["age_s"], default=None)
    return "failed" if newest is None else newest["path"]


async def transfer_fault(tab: Tab) -> str:
    """Download and upload in a page of the app. "" if each is whole, or a code of `Cell`."""
    sizes = (DOWN_BYTES, UP_BYTES, *_digests(), STALLED_S * 1000)
    return str(await tab.evaluate(_TRANSFERS, *sizes, timeout_s=60))


def _digests() -> tuple[str, str]:
    return (
        hashlib.sha256(pattern(DOWN_BYTES)).hexdigest(),
        hashlib.sha256(bytes(UP_BYTES)).hexdigest(),
    )


_TRANSFERS = """async (downBytes, upBytes, down, up, stalledMs) => {
    const hex = buffer => Array.from(new Uint8Array(buffer),
        byte => byte.toString(16).padStart(2, "0")).join("");
    const body = await (await fetch("/" + downBytes)).arrayBuffer();
    if (hex(await crypto.subtle.digest("SHA-256", body)) !== down) return "damaged";
    const post = { method: "POST", body: new Uint8Array(upBytes) };
    const upload = fetch("/", post).then(response => response.text(), String);
    const wait = new Promise(resolve => setTimeout(resolve, stalledMs));
    const got = await Promise.race([upload, wait]);
    return got === undefined ? "upload-stalled" : got === up ? "" : "damaged";
}"""


@contextlib.asynccontextmanager
async def edge_of_its_own(host: Host) -> AsyncIterator[None]:
    """A port of the visitor's loopback that leads to the edge.

    A page of http://….localhost may use everything that one of https may, and resolves to itself.
    """
    address = SERVER_ADDRESSES[0] if "." in host.address else SERVER_ADDRESS6

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            there_reader, there_writer = await asyncio.open_connection(address, EDGE_PORT)
            await asyncio.gather(_pump(reader, there_writer), _pump(there_reader, writer))
        writer.close()

    server = await asyncio.start_server(carry, "127.0.0.1", EDGE_PORT)
    async with server:
        yield


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while piece := await reader.read(65_536):
            writer.write(piece)
            await writer.drain()
    writer.close()


def _ms(since: float) -> float:
    return round((time.monotonic() - since) * 1000, 1)
