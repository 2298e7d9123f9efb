"""`Clear-Site-Data`: the app's data goes, and nothing of ours; the visit goes on."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import quote

import pytest
import pytest_asyncio

from tests.e2e.acts.visit import visit
from tests.e2e.stack import Stack
from tests.e2e.upstreams.scripted import Scripted, scripted_app
from tests.support.browser import Browser, Tab

FILL = """async (kept) => {
    localStorage.setItem("a", "1");
    sessionStorage.setItem("a", "1");
    await (await caches.open("app")).put("/x", new Response("x"));
    const root = await navigator.storage.getDirectory().catch(() => undefined);
    await root?.getDirectoryHandle("folder", { create: true });
    window.database = await new Promise((resolve, reject) => {
        const request = indexedDB.open("app", 1);
        request.onupgradeneeded = () => request.result.createObjectStore("s");
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
    });
    window.wasClosed = false;
    window.database.onclose = () => { window.wasClosed = true; };
    await fetch("/s/login?" + kept[0]);
    await fetch("/s/kept?" + kept[1]);
}"""

FOUND = """async (kept) => {
    const root = await navigator.storage.getDirectory().catch(() => undefined);
    const files = [];
    if (root) for await (const name of root.keys()) files.push(name);
    const ours = (name) => name.startsWith("p2claw");
    const all = (await indexedDB.databases()).map(({ name }) => name);
    const opened = await caches.keys();
    return {
        local: localStorage.length, files,
        session: Object.keys(sessionStorage).filter((key) => !key.startsWith("p2claw")).length,
        databases: all.filter((name) => !ours(name)), caches: opened.filter((n) => !ours(n)),
        response: await (await fetch("/s/kept?" + kept)).text(),
    };
}"""

PIN = """async () => {
    const request = indexedDB.open("p2claw", 1);
    const database = await new Promise((resolve) => {
        request.onsuccess = () => resolve(request.result);
    });
    const pins = database.transaction("pins").objectStore("pins").getAll();
    return new Promise((resolve) => {
        // What a visit leaves for the next is beside them.
        const isPin = (value) => typeof value === "string";
        pins.onsuccess = () => { database.close(); resolve(pins.result.filter(isPin)); };
    });
}"""


@dataclass(frozen=True, slots=True)
class App:
    """url: without a slash at its end. tab: filled with data of every kind."""

    url: str
    seen: Scripted
    tab: Tab

    async def logout(self, clear: str, credentials: str = "include") -> None:
        script = scripted([["Clear-Site-Data", clear], ["Cache-Control", "no-store"]])
        await self.tab.evaluate(
            "([path, credentials]) => fetch(path, { credentials })",
            [f"/s/logout?{script}", credentials],
        )

    async def found(self) -> dict[str, object]:
        found: dict[str, object] = await self.tab.evaluate(FOUND, KEPT)
        return {**found, "cookie": self.seen.asked["kept"][-1].get("cookie", "")}


def scripted(fields: list[list[str]]) -> str:
    return quote(json.dumps([{"fields": fields}]))


LOGIN = scripted([["Set-Cookie", "sid=1; Path=/; HttpOnly"], ["Cache-Control", "no-store"]])
KEPT = scripted([["Cache-Control", "max-age=600"]])
FULL = {
    "local": 1,
    "session": 1,
    "databases": ["app"],
    "caches": ["app"],
    "response": "body 1",
}


@pytest_asyncio.fixture(loop_scope="session")
async def app(shared_stack: Stack, browser: Browser, fresh_name: str) -> AsyncIterator[App]:
    async with scripted_app() as seen:
        url = (await shared_stack.expose(fresh_name, seen.upstream)).url.rstrip("/")
        tab = (await visit(browser, f"{url}/", "A scripted page")).tab
        await tab.evaluate("() => { sessionStorage.removeItem('tab-documents'); }")
        await tab.evaluate(FILL, [LOGIN, KEPT])
        yield App(url, seen, tab)
        await shared_stack.unexpose(fresh_name)


async def test_everything_of_the_app_goes_and_the_visit_goes_on(app: App) -> None:
    pins = await app.tab.evaluate(PIN, within="top")
    assert len(pins) == 1
    await app.logout('"*"')
    found = await app.found()
    empty = {"local": 0, "session": 0, "files": [], "databases": [], "caches": []}
    assert found == {**empty, "response": "body 2", "cookie": ""}
    assert await app.tab.evaluate("() => window.wasClosed")
    assert await app.tab.evaluate(PIN, within="top") == pins
    await app.tab.reload()
    await app.tab.wait_for_text("A scripted page")
    assert await app.tab.evaluate("() => fetch('/log/kept').then((r) => r.status)") == 200


@pytest.mark.parametrize(
    ("clear", "gone"),
    [
        ('"cache"', {"response": "body 2"}),
        ('"storage"', {"local": 0, "session": 0, "databases": [], "caches": []}),
        ('"executionContexts", cookies', {}),
    ],
)
async def test_only_what_is_named_goes(app: App, clear: str, gone: dict[str, object]) -> None:
    await app.logout(clear)
    found = await app.found()
    found.pop("files")
    cookie = found.pop("cookie")
    assert found == {**FULL, **gone}
    if "response" in gone:
        assert cookie == "sid=1"


async def test_cookies_go_alone(app: App) -> None:
    await app.logout('"cookies"')
    await app.tab.evaluate("() => fetch('/s/next?[{}]')")
    assert "cookie" not in app.seen.asked["next"][0]
    found = await app.found()
    assert found["local"] == 1
    assert found["response"] == "body 1"


async def test_a_request_without_credentials_clears_nothing(app: App) -> None:
    await app.logout('"*"', "omit")
    found = await app.found()
    found.pop("files")
    found.pop("cookie")
    assert found == FULL
