"""What a person notices of the cache: a second visit, reload, Back; and that nothing breaks it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from tests.e2e.acts.visit import visit
from tests.e2e.stack import Stack
from tests.e2e.upstreams.hashed import FILES, Hashed, hashed_app
from tests.support.browser import Browser, Tab

LOADED = "() => window.app && window.module && window.data && document.readyState === 'complete'"


@dataclass(frozen=True, slots=True)
class App:
    """The hashed app behind p2claw. `url` has no slash at its end."""

    url: str
    seen: Hashed


@pytest_asyncio.fixture(loop_scope="session")
async def app(shared_stack: Stack, fresh_name: str) -> AsyncIterator[App]:
    async with hashed_app() as seen:
        address = await shared_stack.expose(fresh_name, seen.upstream)
        yield App(address.url.rstrip("/"), seen)
        await shared_stack.unexpose(fresh_name)


async def _open(browser: Browser, app: App) -> Tab:
    tab = (await visit(browser, f"{app.url}/", "A hashed page")).tab
    await tab.wait_for(LOADED)
    return tab


async def test_a_second_visit_fetches_no_file_again(
    browser: Browser, app: App, capsys: pytest.CaptureFixture[str]
) -> None:
    tab = await _open(browser, app)
    first = app.seen.sent_bytes.total()
    await tab.close()
    app.seen.forget()
    await _open(browser, app)
    with capsys.disabled():
        second = app.seen.sent_bytes.total()
        print(f"\n{browser.kind}: {first} body bytes at the first visit, {second} at the second")
    assert app.seen.statuses == [("/", 304)]
    assert app.seen.sent_bytes.total() == 0
    assert first > sum(len(text) for _, text in FILES.values())


async def test_a_reload_validates_the_page_and_no_file(browser: Browser, app: App) -> None:
    tab = await _open(browser, app)
    app.seen.forget()
    await tab.reload()
    await tab.wait_for(LOADED)
    assert app.seen.statuses == [("/", 304)]
    assert app.seen.fields["/"]["cache-control"] == "max-age=0"


async def test_a_hard_reload_asks_for_everything(browser: Browser, app: App) -> None:
    tab = await _open(browser, app)
    app.seen.forget()
    await tab.reload(hard=True)
    await tab.wait_for(LOADED)
    files = {f"/assets/{name}" for name in FILES}
    # Chromium takes scripts, styles and images of the page before from its memory: nobody is asked.
    expected = {"/assets/data-0b0b.json"} if browser.kind == "chromium" else files
    assert {"/", *expected} <= set(app.seen.asked)
    assert "if-none-match" not in app.seen.fields["/"]
    assert app.seen.fields["/assets/data-0b0b.json"]["cache-control"] == "no-cache"


async def test_back_shows_the_page_that_was_kept(browser: Browser, app: App) -> None:
    tab = (await visit(browser, f"{app.url}/old/1", "Made 1 times")).tab
    await tab.click("#next")
    await tab.wait_for(LOADED)
    await tab.evaluate("() => { history.back(); }")
    await tab.wait_for_text("Made 1 times")
    assert app.seen.asked["/old/1"] == 1


async def test_a_link_to_a_stale_page_makes_it_anew(browser: Browser, app: App) -> None:
    tab = (await visit(browser, f"{app.url}/old/1", "Made 1 times")).tab
    await tab.click("#next")
    await tab.wait_for(LOADED)
    await tab.click("#old")
    await tab.wait_for_text("Made 2 times")


@pytest.mark.parametrize("what", ["indexedDB", "caches"])
async def test_storage_that_is_wiped_costs_the_cache_and_nothing_else(
    browser: Browser, app: App, what: str
) -> None:
    tab = await _open(browser, app)
    await tab.evaluate(
        """async (what) => {
            const frame = document.createElement("iframe");
            document.body.append(frame);
            const bare = frame.contentWindow;
            if (what === "caches") {
                for (const name of await bare.caches.keys()) await bare.caches.delete(name);
            } else {
                for (const { name } of await bare.indexedDB.databases()) {
                    await new Promise((resolve) => {
                        const request = bare.indexedDB.deleteDatabase(name);
                        request.onsuccess = request.onerror = request.onblocked = resolve;
                    });
                }
            }
        }""",
        what,
    )
    app.seen.forget()
    assert (
        await tab.evaluate("async () => (await (await fetch('/assets/app-91bc.js')).text()).length")
        > 0
    )
    await tab.reload()
    await tab.wait_for(LOADED)
    assert app.seen.sent_bytes["/assets/app-91bc.js"] == (
        len(FILES["app-91bc.js"][1]) if what == "indexedDB" else 0
    )


async def test_many_requests_for_one_file_at_once_all_get_it_whole(
    browser: Browser, app: App
) -> None:
    tab = await _open(browser, app)
    lengths = await tab.evaluate(
        """async (path) => Promise.all(Array.from({ length: 20 }, async (_, i) => {
            const response = await fetch(path, { cache: i % 3 ? "default" : "reload" });
            return (await response.text()).length;
        }))""",
        "/assets/app-91bc.js",
    )
    assert lengths == [len(FILES["app-91bc.js"][1])] * 20
