"""The sample app of `make demo` shows what it promises."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.e2e.acts.sample_app import feed_count, send_file, try_corners
from tests.e2e.acts.visit import visit
from tests.e2e.demo_app import demo_app
from tests.e2e.probe_app import digest, write_file
from tests.e2e.stack import AppUrl, Stack
from tests.support.browser import Browser

SIZE = 5_000_000


@pytest_asyncio.fixture(loop_scope="session")
async def demo(shared_stack: Stack, tmp_path: Path) -> AsyncIterator[AppUrl]:
    async with demo_app(tmp_path / "demo.log") as upstream:
        yield await shared_stack.expose("demo", upstream)


async def test_its_upload_shows_the_hash_of_what_arrived(
    browser: Browser, demo: AppUrl, tmp_path: Path
) -> None:
    tab = (await visit(browser, demo.url, "one machine")).tab
    sent = await send_file(tab, write_file(tmp_path / "photo.bin", SIZE), timeout_s=60)
    assert sent.sha256 == digest(SIZE)


async def test_its_corners_of_http_are_all_right(browser: Browser, demo: AppUrl) -> None:
    tab = (await visit(browser, demo.url, "one machine")).tab
    assert set((await try_corners(tab)).values()) == {"yes"}


async def test_its_feed_moves(browser: Browser, demo: AppUrl) -> None:
    tab = (await visit(browser, demo.url, "one machine")).tab
    await tab.wait_for("() => Number(document.getElementById('feed-count').innerText) >= 3")
    assert await feed_count(tab) >= 3


async def test_its_pictures_are_shown(browser: Browser, demo: AppUrl) -> None:
    tab = (await visit(browser, demo.url, "one machine")).tab
    shown = "() => [...document.images].every((i) => i.loading === 'lazy' || i.naturalWidth > 0)"
    assert await tab.wait_for(shown)
