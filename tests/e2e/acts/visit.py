"""Opening a URL, and counting how many documents the tab went through until the app was there."""

from __future__ import annotations

import time
from dataclasses import dataclass

from tests.support.browser import Browser, Tab

COUNT_DOCUMENTS = """
  try {
    const before = Number(sessionStorage.getItem("tab-documents"));
    if (top === self) sessionStorage.setItem("tab-documents", before + 1);
  } catch {}
"""


@dataclass(frozen=True, slots=True)
class Visit:
    """seconds: from the navigation to the app's text. documents: 1 when nothing reloaded."""

    tab: Tab
    seconds: float
    documents: int


async def visit(browser: Browser, url: str, text: str, *, timeout_s: float = 30) -> Visit:
    """Open `url` in a new tab and wait until `text` is read in the app."""
    began = time.monotonic()
    tab = await browser.open(url, preload=COUNT_DOCUMENTS)
    await tab.wait_for_text(text, timeout_s=timeout_s)
    seconds = time.monotonic() - began
    count = "() => Number(sessionStorage.getItem('tab-documents'))"
    return Visit(tab, seconds, await tab.evaluate(count, within="top"))
