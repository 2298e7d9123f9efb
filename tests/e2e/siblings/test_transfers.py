"""Long responses of a sibling: given up, read slowly, and cut off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.e2e.siblings.pairs import ASK, Pair, exposed, tab_of
from tests.e2e.stack import Stack
from tests.e2e.upstreams.neighbours import neighbour
from tests.support.browser import Browser, until


async def test_giving_up_reaches_the_sibling(browser: Browser, pair: Pair) -> None:
    tab = await tab_of(browser, pair)
    _, api = pair.origins
    begin = """api => {
      window.giving = new AbortController();
      const { signal } = giving;
      fetch(`${api}/hang?allow=*`, { signal }).catch(({ name }) => { window.failure = name; });
    }"""
    await tab.evaluate(begin, api)
    await until(lambda: bool(pair.api.open), timeout_s=20, what="the request is there")
    await tab.evaluate("() => window.giving.abort()")
    assert await tab.wait_for("() => window.failure") == "AbortError"
    await until(lambda: not pair.api.open, timeout_s=10, what="the app notices")


LENGTH = 150_000_000
# Firefox stops a Service Worker that has no events, though it streams; here sooner than it does.
IDLE_S = 20
HASTY = {
    "dom.serviceWorkers.idle_timeout": IDLE_S * 1_000,
    "dom.serviceWorkers.idle_extended_timeout": 1_000,
}
# Longer than that, and than a hidden frame has to begin.
STOP_S = 26


@pytest_asyncio.fixture(loop_scope="session")
async def hasty(browser: Browser, tmp_path: Path) -> AsyncIterator[Browser]:
    launched = await Browser.launch(browser.kind, tmp_path, prefs=HASTY)
    yield launched
    await launched.close()


@pytest.mark.timeout(200)
async def test_a_download_streams_and_a_reader_that_stops_stops_it(
    hasty: Browser, pair: Pair
) -> None:
    tab = await tab_of(hasty, pair)
    _, api = pair.origins
    read = """async (url) => {
      window.reader = (await fetch(url)).body.getReader();
      window.size = (await window.reader.read()).value.length;
    }"""
    await tab.evaluate(read, f"{api}/many?allow=*&bytes={LENGTH}")
    await asyncio.sleep(STOP_S)
    # Nobody reads, so the app cannot have sent it all. Firefox reads of any response what there is.
    if hasty.kind == "chromium":
        assert pair.api.open, "all of it has left the app, and nobody has read it"
    drain = """async () => {
      for (;;) {
        const { value, done } = await window.reader.read();
        if (done) return window.size;
        window.size += value.length;
      }
    }"""
    assert await tab.evaluate(drain, timeout_s=100) == LENGTH
    assert (await tab.evaluate(ASK, f"{api}/a?allow=*", {}))["status"] == 200


READ = """(own, other) => {
  window.ended = {};
  window.got = {};
  const read = async (name, url) => {
    const reader = (await fetch(url)).body.getReader();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return "whole";
      got[name] = (got[name] ?? 0) + value.length;
    }
  };
  for (const [name, url] of Object.entries({ own, other })) {
    read(name, url).then((how) => { ended[name] = how; }, (error) => { ended[name] = error.name; });
  }
}"""


@pytest.mark.timeout(120)
async def test_a_download_whose_link_breaks_fails_and_never_ends_short(
    browser: Browser, own_stack: Stack, fresh_name: str
) -> None:
    async with neighbour() as web, neighbour() as api:
        pair = await exposed(own_stack, fresh_name, web, api)
        tab = await tab_of(browser, pair)
        own, other = (f"{url}/many?allow=*&bytes={2**33}" for url in pair.origins)
        await tab.evaluate(READ, own, other)
        await tab.wait_for("() => got.own > 1e6 && got.other > 1e6")
        await own_stack.kill("agent")
        ended = "() => ended.own && ended.other && ended"
        assert await tab.wait_for(ended, timeout_s=60) == {"own": "TypeError", "other": "TypeError"}
