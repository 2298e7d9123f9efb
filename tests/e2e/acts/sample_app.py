"""Using the sample app's own page, with the mouse and the keyboard as a person does."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.browser import Tab

PROGRESS_POLL_S = 0.2


@dataclass(frozen=True, slots=True)
class SentFile:
    """sha256: what the page shows at the end. progress: the different states of its bar, 0 … 1."""

    sha256: str
    progress: list[float]
    state: str


async def send_file(tab: Tab, file: Path, *, timeout_s: float) -> SentFile:
    """Choose a file, click Send, and watch the bar until the hash of what arrived is shown."""
    await tab.upload("#upload-file", file)
    await tab.click("#upload-go")
    progress: list[float] = []
    async with asyncio.timeout(timeout_s):
        while True:
            seen: dict[str, Any] = await tab.evaluate(
                """() => ({
                    bar: document.getElementById("upload-progress").value,
                    sha256: document.getElementById("upload-sha256").innerText.trim(),
                    state: document.getElementById("upload-state").innerText,
                })"""
            )
            if seen["bar"] not in progress:
                progress.append(seen["bar"])
            if seen["sha256"]:
                return SentFile(seen["sha256"], progress, seen["state"])
            if "broke" in seen["state"] or "responded" in seen["state"]:
                raise AssertionError(seen["state"])
            await asyncio.sleep(PROGRESS_POLL_S)


async def try_corners(tab: Tab) -> dict[str, str]:
    """Click "Try them" and return what the page says of each corner of HTTP: yes or no."""
    await tab.click("#check")
    outcomes: dict[str, str] = await tab.wait_for(
        """() => {
            const items = [...document.querySelectorAll("#checks li")];
            const found = items.map((item) => [item.firstChild.data, item.lastChild.innerText]);
            return found.every(([, word]) => word === "yes" || word === "no")
              ? Object.fromEntries(found) : null;
        }"""
    )
    return outcomes


async def feed_count(tab: Tab) -> int:
    """How many events of the live feed the page has drawn."""
    return int(await tab.evaluate("() => Number(document.getElementById('feed-count').innerText)"))
