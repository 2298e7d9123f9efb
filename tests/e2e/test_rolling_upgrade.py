"""The boxes of a team are started again, one after the other, under a page that is at work."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest_asyncio

from tests.e2e.acts.visit import visit
from tests.e2e.steady_service import Service, steady_service
from tests.support.agent import AgentProcess, agent_process, expose_before_start
from tests.support.browser import Browser, Tab, until
from tests.support.server import ServerProcess, server_process

# What the shell shows over the app from now on.
WATCH = """() => {
  window.covers = [];
  const look = () => {
    const { problem } = document.documentElement.dataset;
    const shown = !document.querySelector("main").hidden;
    if (problem || shown) covers.push(problem ?? document.querySelector("main").textContent);
  };
  new MutationObserver(look).observe(document.documentElement,
    { attributes: true, childList: true, subtree: true });
}"""
END = """async () => {
  work.over = true;
  await work.running;
  return { ...work, running: undefined };
}"""
# How much of everything has been done.
MORE = """(than) => {
  const { posted, events, echoed, downloads } = work;
  const now = [posted.length, events.length, echoed.length, downloads];
  return now.every((count, place) => count >= than[place]) && now;
}"""
SOME = [20, 20, 20, 1]
# On a machine that does other things too.
MORE_S = 60.0


async def more(tab: Tab, than: list[int]) -> list[int]:
    wanted = [count + some for count, some in zip(than, SOME, strict=True)]
    counts: list[int] = await tab.wait_for(MORE, wanted, timeout_s=MORE_S)
    return counts


@dataclass
class Team:
    """Boxes by their names, with homes of these names in `folder`."""

    folder: Path
    server: ServerProcess
    service: Service
    stack: AsyncExitStack
    boxes: dict[str, AgentProcess] = field(default_factory=dict)
    url: str = ""

    async def start(self, name: str) -> None:
        process = agent_process(self.folder / name, self.server.url)
        agent = self.boxes[name] = await self.stack.enter_async_context(process)
        await agent.api.online()


@pytest_asyncio.fixture(loop_scope="session")
async def team(tmp_path: Path) -> AsyncIterator[Team]:
    async with (
        AsyncExitStack() as stack,
        steady_service("founder", "member") as service,
        server_process(tmp_path, built_bootstrap=True) as server,
    ):
        team = Team(tmp_path, server, service, stack)
        for name, upstream in service.upstreams.items():
            (tmp_path / name).mkdir(mode=0o700)
            expose_before_start(tmp_path / name, {"dog": upstream})
            await team.start(name)
        founder, member = team.boxes.values()
        status = await founder.api.get("/v1/status")
        await founder.api.ask("PUT", f"/v1/team/{member.facts['peer_id']}")
        await member.api.ask("PUT", f"/v1/teams/{status['alias']}")
        team.url = str(status["apps"][0]["url"])
        yield team


async def test_a_page_at_work_notices_nothing_while_all_boxes_of_its_team_are_upgraded(
    browser: Browser, team: Team
) -> None:
    tab = (await visit(browser, team.url, "It works")).tab
    await tab.evaluate(WATCH, within="top")
    await tab.evaluate("() => { begin(); }")
    counts = await more(tab, [0, 0, 0, 0])
    for name in team.service.upstreams:
        team.boxes[name].signal(signal.SIGTERM)
        assert await team.boxes[name].wait() == 0
        await team.start(name)
        counts = await more(tab, counts)
    done = await tab.evaluate(END, timeout_s=MORE_S)

    assert done["failed"] == []
    # Each exactly once, whichever box it came by; and both boxes had some.
    posts = team.service.posts
    assert sorted(body for body, _ in posts) == sorted(done["posted"])
    assert len(set(done["posted"])) == len(done["posted"])
    assert {box for _, box in posts} == team.boxes.keys()
    assert done["events"] == list(range(1, len(done["events"]) + 1))
    assert done["echoed"] == list(range(1, len(done["echoed"]) + 1))
    assert await tab.evaluate("() => covers", within="top") == []


async def test_a_download_goes_on_at_the_other_box_when_its_own_dies(
    browser: Browser, team: Team
) -> None:
    tab = (await visit(browser, team.url, "It works")).tab
    await tab.evaluate("() => { work.running = downloading(); }")
    await until(lambda: len(team.service.files) == 1, timeout_s=MORE_S, what="a download")
    await asyncio.sleep(0.5)  # so that a part of it is there
    ((_, box),) = team.service.files
    team.boxes[box].signal(signal.SIGKILL)
    done = await tab.evaluate(END, timeout_s=MORE_S)
    assert (done["failed"], done["downloads"]) == ([], 1)
    (_, (began, other)) = team.service.files
    assert other != box
    assert began > 0
