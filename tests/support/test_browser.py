"""The driver of the real browsers itself: what every browser test leans on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.browser import Browser, BrowserError, Kind

KINDS: tuple[Kind, ...] = ("chromium", "firefox")
PAGE = "data:text/html,<title>probe</title><input id=name><p>hello</p>"


@pytest.mark.parametrize("kind", KINDS)
async def test_closing_a_browser_leaves_no_process_of_it(kind: Kind, tmp_path: Path) -> None:
    browser = await Browser.launch(kind, tmp_path)
    running = browser.processes()
    await browser.close()
    assert running
    assert browser.processes() == []


@pytest.mark.parametrize("kind", KINDS)
async def test_an_error_in_the_page_reaches_the_test(kind: Kind, tmp_path: Path) -> None:
    browser = await Browser.launch(kind, tmp_path)
    try:
        tab = await browser.open(PAGE, within="top")
        with pytest.raises(BrowserError, match="lobster"):
            await tab.evaluate("() => { throw new Error('lobster') }")
    finally:
        await browser.close()
