"""A synchronous XMLHttpRequest reaches the app, or is refused with a reason: never the edge."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.stack import stack
from tests.e2e.upstreams.canned import canned_site, page
from tests.e2e.watched_edge import reached
from tests.support.browser import Browser

ASK = """() => {
  const ask = new XMLHttpRequest();
  ask.open("GET", "/secret/path", false);
  try { ask.send(); return ask.responseText; } catch (error) { return error.name; }
}"""


async def test_what_is_asked_synchronously_never_reaches_the_edge(
    browser: Browser, tmp_path: Path
) -> None:
    responses = {"/": page(b"<!doctype html><p>A page"), "/secret/path": page(b"from the app")}
    async with (
        stack(tmp_path, program="tests.e2e.watched_edge") as watched,
        canned_site(watched, "sync", responses) as site,
    ):
        tab = await browser.open(site.url)
        await tab.wait_for_text("A page")
        got = await tab.evaluate(ASK)
        if got != "from the app":
            assert got == "NetworkError"
            await tab.wait_for_text("synchronously", within="top", timeout_s=5)
        assert [path for _, _, path in reached(tmp_path, "sync") if "secret" in path] == []
        assert reached(tmp_path, "sync")
