"""Two boxes respond for one alias: a browser stays on one of them, and goes on at the other."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest_asyncio

from tests.agent.test_hanging_member import SOON_S, stopped
from tests.e2e.acts.visit import visit
from tests.support.agent import AgentProcess, agent_process, expose_before_start
from tests.support.browser import Browser
from tests.support.server import ServerProcess, server_process
from tests.support.upstreams import Talk, upstream_of

WHO = "async () => (await fetch('/who')).text()"


@dataclass
class Pair:
    """boxes: by the name that each says of itself. url: of the app of both."""

    server: ServerProcess
    boxes: dict[str, AgentProcess]
    url: str


@contextlib.asynccontextmanager
async def named_box(home: Path, server: ServerProcess, name: str) -> AsyncIterator[AgentProcess]:
    async def talk(talk: Talk) -> None:
        while request := await talk.request():
            if request.target == "/who":
                await talk.respond(name.encode())
            else:
                page = f"<!doctype html><title>dog</title><h1>This is {name}</h1>"
                await talk.respond(page.encode(), fields=b"Content-Type: text/html\r\n")

    async with upstream_of(talk) as upstream:
        home.mkdir(mode=0o700)
        expose_before_start(home, {"dog": upstream.url})
        async with agent_process(home, server.url) as agent:
            await agent.api.online()
            yield agent


@pytest_asyncio.fixture(loop_scope="session")
async def pair(tmp_path: Path) -> AsyncIterator[Pair]:
    async with (
        server_process(tmp_path, built_bootstrap=True) as server,
        named_box(tmp_path / "1", server, "founder") as founder,
        named_box(tmp_path / "2", server, "member") as member,
    ):
        status = await founder.api.get("/v1/status")
        await founder.api.ask("PUT", f"/v1/team/{member.facts['peer_id']}")
        joined, facts = await member.api.ask("PUT", f"/v1/teams/{status['alias']}")
        assert joined == 200, facts
        yield Pair(server, {"founder": founder, "member": member}, str(status["apps"][0]["url"]))


async def test_a_browser_stays_on_one_box_and_goes_on_at_the_other_when_that_one_is_killed(
    browser: Browser, pair: Pair
) -> None:
    tab = (await visit(browser, pair.url, "This is ")).tab
    who = await tab.evaluate(WHO)
    for _ in range(2):
        await tab.reload()
        await tab.wait_for_text(f"This is {who}")
        assert await tab.evaluate(WHO) == who
    pair.boxes[who].signal(signal.SIGKILL)
    await pair.boxes[who].wait()
    (other,) = pair.boxes.keys() - {who}
    # The page is still the same one: it asks, and the other box responds.
    assert await tab.evaluate(WHO) == other
    assert await tab.text() == f"This is {who}"


async def test_a_first_visit_is_given_to_the_other_box_while_one_hangs(
    browser: Browser, pair: Pair
) -> None:
    # The first visit of all is the founder's.
    async with stopped(pair.boxes["founder"]):
        await visit(browser, pair.url, "This is member", timeout_s=SOON_S)


async def test_a_page_goes_on_at_the_other_box_while_its_own_hangs(
    browser: Browser, pair: Pair
) -> None:
    tab = (await visit(browser, pair.url, "This is ")).tab
    who = await tab.evaluate(WHO)
    (other,) = pair.boxes.keys() - {who}
    async with stopped(pair.boxes[who]):
        assert await tab.evaluate(WHO, timeout_s=SOON_S) == other
        assert await tab.text() == f"This is {who}"
        # The cookie of this browser still names the box that hangs.
        await visit(browser, pair.url, f"This is {other}", timeout_s=SOON_S)
