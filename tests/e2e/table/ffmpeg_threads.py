"""ffmpeg.wasm with threads: memory that 33 workers share, which only an isolated page has."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sys
import tempfile
from pathlib import Path
from urllib.parse import unquote

from tests.e2e.apps.foreign import ForeignApp, run
from tests.e2e.table.entry import SOURCES, Entry
from tests.support.browser import Tab
from tests.support.undriven import undriven_firefox

FFMPEG = "0.12.15"
CORE = "0.12.10"
ISOLATED = (
    "Cross-Origin-Opener-Policy: same-origin",
    "Cross-Origin-Embedder-Policy: require-corp",
)
ENCODE_TIMEOUT_S = 120
ASKED = "() => fetch('/asked.json').then((response) => response.json())"


def make(folder: Path) -> None:
    packages = (f"@ffmpeg/ffmpeg@{FFMPEG}", f"@ffmpeg/core-mt@{CORE}")
    run("npm", "install", "--no-audit", "--no-fund", *packages, cwd=folder)
    shutil.copy(SOURCES / "ffmpeg.html", folder / "index.html")


def command(folder: Path, port: int) -> list[str]:
    server = str(SOURCES / "static_server.py")
    return [sys.executable, server, str(folder), str(port), *ISOLATED]


async def use(tab: Tab, app: ForeignApp) -> str:
    """Encode a second of film in two threads. The page reports to its server how that ended."""
    await tab.wait_for_text("idle")
    url = await tab.evaluate("() => location.href.replace(/#.*/, '')")
    async with contextlib.AsyncExitStack() as ending:
        if tab.browser.kind == "firefox":
            home = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="p2claw-ffmpeg-")))
            await ending.enter_async_context(undriven_firefox(url, home))
        else:
            await tab.browser.open(url, within=tab.within)
        async with asyncio.timeout(ENCODE_TIMEOUT_S):
            found = await _outcome(tab)
        await tab.front()
    assert found.startswith("ended with 0, "), found
    return f"{found}, in two threads"


async def _outcome(tab: Tab) -> str:
    while True:
        for path in await tab.evaluate(ASKED):
            if path.startswith("/outcome?"):
                return unquote(path.removeprefix("/outcome?"))
        await asyncio.sleep(0.5)


ENTRY = Entry(ForeignApp("ffmpeg", f"{FFMPEG}-{CORE}-1", make, command), use, "/#idle", 150)
