"""A hostile page tries to read, frame, script and listen to an app, and to use its link.

Three pages try: of another app of the same box, of an app of another box, and of a site that is no
p2claw at all. Each gets what the same page gets at an ordinary server, or less, but for what `MORE`
names. `pytest -s` prints the table.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from tests.e2e.acts.visit import visit
from tests.e2e.stack import Stack
from tests.e2e.upstreams.neighbours import Neighbour, neighbour
from tests.support.agent import agent_process
from tests.support.browser import Browser

TRY = (Path(__file__).parent / "upstreams" / "cross_site.js").read_text()
TRY = TRY[TRY.index("async (victim)") :]
ELSEWHERE = "a site elsewhere"
OWN_THINGS = """async () => {
  document.cookie = "victim=1";
  localStorage.victim = "1";
  indexedDB.open("victim");
  await caches.open("victim");
}"""

# Whoever gets less than at an ordinary server has got nothing.
LESS = frozenset({"error", "nothing", "TypeError", "NetworkError", "SecurityError", "null"})
# What a page of an app gets more of another app, with the reason: a Service Worker can make no
# opaque response, so the page may look into what a server lets it only show. It is asked for
# without cookies: what anybody gets who opens the URL.
MORE = {
    "run its data as a script": "load",
    "see the pixels of its picture": "read: true",
    "read the rules of its style": "read: 1",
}
OF_MORE = ("/secret", "/picture.svg", "/style.css")


@dataclass(frozen=True, slots=True)
class Scene:
    """victim: the app that is attacked, and its URL. pages: the attacker's, by who it is."""

    victim: Neighbour
    victim_url: str
    pages: dict[str, str]
    direct: tuple[str, str]


@pytest_asyncio.fixture(loop_scope="session")
async def scene(shared_stack: Stack, fresh_name: str, tmp_path: Path) -> AsyncIterator[Scene]:
    async with contextlib.AsyncExitStack() as stack:
        victim, evil = [await stack.enter_async_context(neighbour()) for _ in range(2)]
        victim_url = (await shared_stack.expose(fresh_name, victim.upstream)).url.rstrip("/")
        same_box = (await shared_stack.expose(f"{fresh_name}-evil", evil.upstream)).url
        other = await stack.enter_async_context(
            agent_process(tmp_path / "other", f"http://localhost:{shared_stack.port}")
        )
        await other.api.expose("evil", evil.upstream)
        await other.api.online()
        apps = (await other.api.get("/v1/status"))["apps"]
        pages = {
            "another app of the box": same_box,
            "an app of another box": apps[0]["url"],
            ELSEWHERE: f"http://127.0.0.1:{evil.port}/",
        }
        # Of two servers each other's attacker is as far away as two apps are: another site.
        direct = (f"http://localhost:{victim.port}", f"http://127.0.0.1:{evil.port}/")
        yield Scene(victim, victim_url, pages, direct)
        await shared_stack.unexpose(fresh_name)
        await shared_stack.unexpose(f"{fresh_name}-evil")


@pytest.mark.timeout(400)
async def test_a_hostile_page_gets_no_more_than_at_an_ordinary_server(
    browser: Browser, scene: Scene
) -> None:
    victim, page = scene.direct
    own = await browser.open(f"{victim}/", within="top")
    await own.evaluate(OWN_THINGS)
    beside = await browser.open(page, within="top")
    expected = await beside.evaluate(TRY, victim, timeout_s=150)
    assert len(expected) >= 25
    own = (await visit(browser, scene.victim_url, "A neighbour")).tab
    await own.evaluate(OWN_THINGS)
    scene.victim.received.clear()
    got: dict[str, dict[str, str]] = {}
    for who, url in scene.pages.items():
        if who == ELSEWHERE:
            tab = await browser.open(url, within="top")
        else:
            tab = (await visit(browser, url, "A neighbour")).tab
        got[who] = await tab.evaluate(TRY, scene.victim_url, timeout_s=200)
    wrong = []
    for name, usual in expected.items():
        row = {who: values[name] for who, values in got.items()}
        print(f"{name:44} | {usual:14} | " + " | ".join(f"{value:14}" for value in row.values()))
        wrong += [
            f"{who}: {name}: {value}, at a server {usual}"
            for who, value in row.items()
            if value not in (usual, *LESS) and not (who != ELSEWHERE and value == MORE.get(name))
        ]
    assert wrong == []
    shown = [one for path in OF_MORE for one in scene.victim.asked_for(path)]
    assert shown
    assert [one.target for one in shown if "cookie" in one.fields] == []
