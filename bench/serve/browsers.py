"""Visits the agent, or a proxy, by one page of a real browser, which asks for files."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from bench.page.scene import FLAGS, need_browser
from bench.serve.cases import Case
from p2claw.errors import P2clawError
from tests.support.browser import Browser, BrowserError, Kind, Tab, Within

# The document that asks: every server has it.
PAGE = "page.html"
RUN_S = 300.0

# Milliseconds of each request, and the bytes of all bodies. Nothing is kept in a cache.
ASK = """async (path, requests) => {
  const times = [];
  let bytes = 0;
  for (let number = 0; number < requests; number++) {
    const began = performance.now();
    const response = await fetch(path, { cache: "no-store" });
    if (response.status !== 200) throw new Error(`status ${response.status}`);
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      bytes += value.length;
    }
    times.push(performance.now() - began);
  }
  return [times, bytes];
}"""


class Pages:
    """What loads one server, each time from a new page, which stays until the next.

    url: of that server. within: where its document is.
    """

    def __init__(self, browser: Browser, url: str, within: Within) -> None:
        self._browser = browser
        self._url = url.rstrip("/")
        self._within = within
        self._tab: Tab | None = None

    async def load(self, case: Case, requests: int) -> list[float]:
        """Raises P2clawError `browser-failed`, `bench-child` if a response is not whole."""
        try:
            if self._tab is not None:
                await self._tab.close()
            self._tab = tab = await self._browser.open(f"{self._url}/{PAGE}", within=self._within)
            await tab.wait_for("() => document.title === 'bench'")
            times_ms, got_bytes = await tab.evaluate(ASK, case.path, requests, timeout_s=RUN_S)
        except BrowserError as error:
            raise P2clawError(str(error), code="browser-failed") from error
        if got_bytes != requests * case.bytes:
            raise P2clawError(f"{case.path} got {got_bytes} bytes", code="bench-child")
        return list(times_ms)


def write_page(folder: Path) -> None:
    """Below `www`, which nginx serves."""
    (folder / "www" / PAGE).write_text("<!doctype html><title>bench</title>")


@contextlib.asynccontextmanager
async def browser_of(kind: Kind, folder: Path) -> AsyncIterator[Browser]:
    """Raises UsageError `browser-missing` or `driver-missing`."""
    need_browser(kind)
    flags = FLAGS if kind == "chromium" else ()
    browser = await Browser.launch(kind, folder / kind, flags=flags, trusting=True, reports=False)
    try:
        yield browser
    finally:
        await browser.close()
