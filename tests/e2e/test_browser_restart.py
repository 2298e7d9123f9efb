"""A browser that is ended and started again: what is of its session goes, and the rest stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.e2e.acts.visit import visit
from tests.e2e.conftest import Site
from tests.support.browser import Browser

WRITE = """() => {
  document.cookie = "session=1; path=/";
  document.cookie = "kept=1; path=/; max-age=3600";
  localStorage.kept = "here";
}"""
READ = "() => [document.cookie, localStorage.kept ?? null]"
PINS = """() => new Promise((done) => {
  const opening = indexedDB.open("p2claw");
  opening.onerror = () => done([]);
  opening.onsuccess = () => {
    const stores = opening.result.objectStoreNames;
    if (!stores.contains("pins")) return done([]);
    const all = opening.result.transaction("pins").objectStore("pins").getAll();
    // What a visit leaves for the next is beside them.
    const isPin = (value) => typeof value === "string";
    all.onsuccess = () => { opening.result.close(); done(all.result.filter(isPin)); };
  };
})"""


async def _write(browser: Browser, site: Site, direct: str) -> list[Any]:
    """In the app and in its like on its own server; gives the keys of boxes that are pinned."""
    tab = (await visit(browser, f"{site.url}/", "This is page 0")).tab
    beside = await browser.open(direct, within="top")
    for one in (tab, beside):
        await one.evaluate(WRITE)
    await tab.reload()
    await tab.wait_for_text("This is page 0")
    assert await tab.evaluate(READ) == await beside.evaluate(READ)
    pins: list[Any] = await tab.evaluate(PINS, within="top")
    return pins


async def _read(browser: Browser, site: Site, direct: str) -> tuple[Any, Any, Any]:
    tab = (await visit(browser, f"{site.url}/page/1", "This is page 1")).tab
    beside = await browser.open(direct, within="top")
    seen = await tab.evaluate(READ), await beside.evaluate(READ)
    pins = await tab.evaluate(PINS, within="top")
    await browser.close()
    return *seen, pins


async def test_what_is_of_a_session_ends_with_the_browser_and_the_rest_stays(
    browser: Browser, site: Site, tmp_path: Path
) -> None:
    direct = f"http://direct.localhost:{site.probe.port}/"
    before = await Browser.launch(browser.kind, tmp_path)
    pinned = await _write(before, site, direct)
    await before.close()
    through, beside, pins = await _read(await Browser.launch(browser.kind, tmp_path), site, direct)
    assert through == beside == ["kept=1", "here"]
    assert len(pinned) == 1
    assert pins == pinned
