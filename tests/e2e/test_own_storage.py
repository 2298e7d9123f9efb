"""An app that empties its storage empties its own: ours is not listed, and the visit goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.e2e.acts.visit import visit
from tests.e2e.stack import Stack
from tests.e2e.test_site_data import LOGIN, PIN
from tests.e2e.upstreams.scripted import Scripted, scripted_app
from tests.support.browser import Browser, Tab

# What a page does to begin anew; gives back what it found. Also runs in a worker.
EMPTY = """async () => {
    const locks = await navigator.locks.query();
    const found = {
        caches: await caches.keys(),
        databases: (await indexedDB.databases()).map(({ name }) => name),
        locks: [...locks.held, ...locks.pending].map(({ name }) => name),
    };
    await Promise.all(["p2claw", ...found.caches].map((name) => caches.delete(name)));
    for (const name of ["p2claw", "p2claw-cookies", ...found.databases]) {
        const request = indexedDB.deleteDatabase(name);
        await new Promise((resolve) => { request.onsuccess = request.onerror = resolve; });
    }
    return found;
}"""
EMPTY_PAGE = f"""async () => {{
    const found = await ({EMPTY})();
    found.session = Object.keys(sessionStorage).filter((key) => key !== "tab-documents");
    found.local = Object.keys(localStorage);
    sessionStorage.clear();
    localStorage.clear();
    const all = await navigator.serviceWorker.getRegistrations();
    await Promise.all(all.map((one) => one.unregister()));
    return found;
}}"""
EMPTY_WORKER = f"""() => new Promise((resolve) => {{
    const text = `({EMPTY})().then((found) => postMessage(found), (e) => postMessage(String(e)))`;
    const worker = new Worker(URL.createObjectURL(new Blob([text])));
    worker.onmessage = ({{ data }}) => resolve(data);
}})"""
OURS = """async () => [
    (await caches.keys()).length, (await navigator.serviceWorker.getRegistrations()).length]"""


@pytest_asyncio.fixture(loop_scope="session")
async def app(
    shared_stack: Stack, browser: Browser, fresh_name: str
) -> AsyncIterator[tuple[Tab, Scripted]]:
    async with scripted_app() as seen:
        url = (await shared_stack.expose(fresh_name, seen.upstream)).url
        yield (await visit(browser, url, "A scripted page")).tab, seen
        await shared_stack.unexpose(fresh_name)


async def test_an_app_finds_and_empties_its_own_storage(app: tuple[Tab, Scripted]) -> None:
    tab, seen = app
    await tab.evaluate("login => fetch('/s/login?' + login)", LOGIN)
    await tab.evaluate("() => caches.open('app').then(() => localStorage.setItem('a', '1'))")
    pins, ours = [await tab.evaluate(what, within="top") for what in (PIN, OURS)]
    assert len(pins) == 1
    kinds = {"caches": ["app"], "databases": [], "locks": []}
    assert await tab.evaluate(EMPTY_PAGE) == {**kinds, "session": [], "local": ["a"]}
    assert await tab.evaluate(EMPTY_WORKER) == {**kinds, "caches": []}
    assert await tab.evaluate(PIN, within="top") == pins
    assert await tab.evaluate(OURS, within="top") == [ours[0] - 1, ours[1]]
    await tab.reload()
    await tab.wait_for_text("A scripted page")
    await tab.evaluate("() => fetch('/s/next?[{}]')")
    assert seen.asked["next"][-1]["cookie"] == "sid=1"
