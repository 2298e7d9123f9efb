"""What a row of the table is: an app, where its visit begins, and a short act that uses it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.apps.foreign import ForeignApp
from tests.support.browser import Tab

SOURCES = Path(__file__).with_name("sources")


@dataclass(frozen=True, slots=True)
class Entry:
    """use: leaves the tab on its result and returns what it found, in a few words; raises
    AssertionError or BrowserError where the app does not do what it is for.

    slow: takes minutes, so it runs only when it is named.
    growth_mib: by how much all processes of the browser, and the agent, may grow meanwhile.
    """

    app: ForeignApp
    use: Callable[[Tab, ForeignApp], Awaitable[str]]
    start: str = "/"
    limit_s: float = 90
    slow: bool = False
    growth_mib: int | None = None


async def click(tab: Tab, selector: str, *, timeout_s: float = 30) -> None:
    """Click once it is there, and is laid out."""
    shown = "s => document.querySelector(s)?.getClientRects().length"
    await tab.wait_for(shown, selector, timeout_s=timeout_s)
    await tab.click(selector)
