"""`/__p2claw/reset`: a browser forgets an address, and the machine's key only when asked again."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.acts.visit import visit
from tests.e2e.conftest import Site
from tests.support.browser import Browser, Tab

SHOTS = Path(__file__).parent / "shots"

FILL = """async () => {
    localStorage.setItem("a", "1");
    document.cookie = "login=1; path=/";
    await caches.open("app");
    await new Promise((resolve) => { indexedDB.open("app").onsuccess = resolve; });
    await fetch("/page/1");
}"""
LEFT = """async () => ({
    workers: (await navigator.serviceWorker.getRegistrations()).length,
    caches: (await caches.keys()).length,
    databases: (await indexedDB.databases()).map(({ name }) => name),
    local: localStorage.length,
})"""


async def left(tab: Tab) -> object:
    return await tab.evaluate(LEFT, within="top")


async def test_an_address_is_forgotten_and_its_key_only_when_asked_again(
    browser: Browser, site: Site
) -> None:
    tab = (await visit(browser, f"{site.url}/", "This is page 0")).tab
    await tab.evaluate(FILL)
    assert await tab.goto(f"{site.url}/__p2claw/reset") == 200
    await tab.wait_for_text("Forget what this browser has kept", within="top")
    assert "not removed" not in await tab.text(within="top")
    await tab.click("#act", within="top")
    await tab.wait_for("() => document.documentElement.dataset.step === 'asked'", within="top")
    await tab.screenshot(SHOTS / f"reset-{browser.kind}.png")
    text = await tab.text(within="top")
    assert "1 removed" in text
    assert "not removed" not in text
    nothing = {"workers": 0, "caches": 0, "local": 0}
    assert await left(tab) == {**nothing, "databases": ["p2claw"]}
    await tab.click("#act", within="top")
    await tab.wait_for("() => document.documentElement.dataset.step === 'over'", within="top")
    assert await left(tab) == {**nothing, "databases": []}
    again = (await visit(browser, f"{site.url}/", "This is page 0")).tab
    assert await again.evaluate("() => document.cookie + localStorage.length") == "0"


async def test_it_needs_nothing_else_of_ours(browser: Browser, site: Site) -> None:
    tab = await browser.open(f"{site.url}/__p2claw/reset", within="top")
    await tab.click("#act")
    await tab.wait_for("() => document.documentElement.dataset.step === 'over'")
    asked = "() => performance.getEntriesByType('resource').map(({ name }) => name)"
    assert [name for name in await tab.evaluate(asked) if not name.startswith("data:")] == []
