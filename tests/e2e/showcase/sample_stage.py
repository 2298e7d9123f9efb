"""The sample app as a first visitor meets it: the page, the deep link, the film, the feed."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.e2e.acts.sample_app import feed_count, send_file, try_corners
from tests.e2e.acts.video import play, seek
from tests.e2e.acts.visit import visit
from tests.e2e.demo_app import demo_app
from tests.e2e.probe_app import digest, write_file
from tests.e2e.showcase.facts import Facts
from tests.e2e.stack import Stack
from tests.support.browser import Browser, Tab

FEED_S = 60
UPLOAD_BYTES = 20_000_000

RANGE = """async () => {
  const response = await fetch("/media/film.webm", { headers: { Range: "bytes=1000-1999" } });
  const loads = performance.getEntriesByType("resource");
  return {
    status: response.status,
    content_range: response.headers.get("content-range"),
    length: (await response.arrayBuffer()).byteLength,
    statuses_of_film: [...new Set(
      loads.filter((load) => load.name.endsWith("film.webm")).map((load) => load.responseStatus),
    )],
  };
}"""


async def sample_stage(facts: Facts, browser: Browser, stack: Stack, folder: Path) -> None:
    async with demo_app(folder / "demo.log") as upstream:
        shown = await stack.p2claw("expose", "demo", upstream)
        url = shown["url"].rstrip("/")
        async with facts.stage("first-visit"):
            await _first_visit(facts, browser, url)
        async with facts.stage("deep-link"):
            await _deep_link(facts, browser, url)
        tab = (await visit(browser, url, "one machine")).tab
        async with facts.stage("video"):
            await _video(facts, tab)
        async with facts.stage("corners"):
            corners = await try_corners(tab)
            facts.note("corners", holds=set(corners.values()) == {"yes"}, **corners)
        async with facts.stage("sample-upload"):
            file = write_file(folder / "photo.bin", UPLOAD_BYTES)
            sent = await send_file(tab, file, timeout_s=60)
            facts.note(
                "sample-upload",
                holds=sent.sha256 == digest(UPLOAD_BYTES),
                state=sent.state,
                bar_states=len(sent.progress),
            )
            await facts.picture(tab, "upload")
        async with facts.stage("sse"):
            await _feed(facts, tab)
        await tab.screenshot(facts.out / f"{facts.browser}-sample-whole.png", full_page=True)
        await tab.close()


async def _first_visit(facts: Facts, browser: Browser, url: str) -> None:
    first = await visit(browser, url, "one machine")
    facts.note(
        "first-visit",
        holds=first.documents == 1,
        seconds=round(first.seconds, 3),
        documents=first.documents,
        url=url,
    )
    await first.tab.wait_for("() => document.querySelector('#hello').innerText.includes('Hello')")
    await facts.picture(first.tab, "first-visit")
    await first.tab.close()
    second = await visit(browser, url, "one machine")
    facts.note("second-visit", holds=second.documents == 1, seconds=round(second.seconds, 3))
    await second.tab.close()


async def _deep_link(facts: Facts, browser: Browser, url: str) -> None:
    seen = await visit(browser, f"{url}/about?from=a-friend#part", "About this app")
    place = "() => location.pathname + location.search + location.hash"
    bar = await seen.tab.evaluate(place, within="top")
    title = await seen.tab.evaluate("() => document.title", within="top")
    holds = bar == "/about?from=a-friend#part" and seen.documents == 1
    facts.note("deep-link", holds=holds, address_bar=bar, title=title)
    await facts.picture(seen.tab, "deep-link")
    await seen.tab.close()


async def _video(facts: Facts, tab: Tab) -> None:
    await play(tab)
    jump = await seek(tab, 0.85)
    response = await tab.evaluate(RANGE)
    facts.note(
        "video",
        holds=response["status"] == 206 and response["length"] == 1000,
        duration_s=round(jump.duration, 1),
        seek_to_s=round(jump.at, 1),
        seek_ms=round(jump.ms, 1),
        range_request=response,
    )
    await facts.picture(tab, "video")


async def _feed(facts: Facts, tab: Tab) -> None:
    """The page opened the feed when it began; the app sends one event a second."""
    await tab.front()
    before = await feed_count(tab)
    await asyncio.sleep(FEED_S)
    count = await feed_count(tab) - before
    state = await tab.evaluate("() => document.getElementById('feed-state').className")
    facts.note(
        "sse",
        holds=count >= FEED_S - 2 and "on" in state,
        seconds=FEED_S,
        events=count,
        state=state,
    )
