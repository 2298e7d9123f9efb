"""Which requests to a sibling go where: not to the edge, and nowhere if there is no such app."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.e2e.siblings.pairs import ASK, REFUSED, Pair, exposed, tab_of
from tests.e2e.stack import Stack, stack
from tests.e2e.upstreams.neighbours import neighbour
from tests.support.browser import Browser
from tests.support.edge_log import EdgeLog


async def test_an_app_that_is_not_exposed_is_a_network_error(browser: Browser, pair: Pair) -> None:
    tab = await tab_of(browser, pair)
    web, _ = pair.origins
    nobody = web.replace(f"//{pair.name}-", f"//{pair.name}-nobody-")
    assert await tab.evaluate(ASK, f"{nobody}/a?allow=*", {}) == REFUSED
    assert (
        await tab.evaluate("() => document.documentElement.dataset.problem ?? null", within="top")
        is None
    )


@pytest.mark.timeout(120)
async def test_a_box_that_is_away_is_a_network_error_until_it_is_back(
    browser: Browser, own_stack: Stack, fresh_name: str
) -> None:
    async with neighbour() as web, neighbour() as api:
        pair = await exposed(own_stack, fresh_name, web, api)
        tab = await tab_of(browser, pair)
        url = f"{pair.origins[1]}/a?allow=*"
        await own_stack.kill("agent")
        assert await tab.evaluate(ASK, url, {}, timeout_s=40) == REFUSED
        await own_stack.start_agent()
        again = """async (url) => {
          while (!(await fetch(url).then(({ ok }) => ok, () => false)))
            await new Promise((done) => setTimeout(done, 500));
          return true;
        }"""
        assert await tab.evaluate(again, url, timeout_s=50)


@pytest_asyncio.fixture(loop_scope="session")
async def watched(tmp_path: Path) -> AsyncIterator[Stack]:
    async with stack(tmp_path, program="tests.support.edge_log") as running:
        yield running


# Each with the marker in path, query, body, field and cookie.
DO_EVERYTHING = """async (api, marker) => {
  const own = encodeURIComponent(location.origin);
  const url = (what) => `${api}/${marker}-${what}?${marker}&allow=${own}&with=1&names=x-a`;
  const init = { credentials: "include", headers: { "x-a": marker } };
  await fetch(`${api}/login?cookie=${marker}%3D${marker}&allow=${own}&with=1`, init).catch(() => 0);
  await fetch(url("get"), init);
  await fetch(url("post"), { ...init, method: "POST", body: marker });
  await fetch(url("keep"), { method: "POST", body: marker, keepalive: true }).catch(() => 0);
  await fetch(`${api}/${marker}-blind`, { mode: "no-cors" });
  await fetch(`${api}/go?allow=*&to=/${marker}-moved%3Fallow=*`);
  navigator.sendBeacon(url("beacon"), marker);
  const xhr = new XMLHttpRequest();
  xhr.open("GET", url("sync"), false);
  try { xhr.send(); } catch {}
  const tags = [["img", "src"], ["script", "src"], ["link", "href"], ["video", "src"]];
  for (const [tag, key] of tags) {
    const element = document.createElement(tag);
    if (tag === "link") element.rel = "stylesheet";
    if (tag === "video") element.crossOrigin = "anonymous";
    element[key] = url(tag);
    document.body.append(element);
  }
  const socket = new WebSocket(`${api.replace("http", "ws")}/socket?${marker}`);
  await new Promise((done) => { socket.onmessage = socket.onclose = done; });
  await new Promise((done) => setTimeout(done, 800));
}"""


@pytest.mark.timeout(150)
async def test_nothing_of_it_reaches_the_edge(
    browser: Browser, watched: Stack, fresh_name: str
) -> None:
    marker = f"lobster{browser.kind}"
    async with neighbour() as web, neighbour() as api:
        pair = await exposed(watched, fresh_name, web, api)
        tab = await tab_of(browser, pair)
        log = EdgeLog(watched.folder)
        assert log.asked(), "the log sees nothing at all"
        log.forget()
        await tab.evaluate(DO_EVERYTHING, pair.origins[1], marker, timeout_s=60)
        gone = pair.origins[1].replace("-back-", "-gone-")
        assert await tab.evaluate(ASK, f"{gone}/{marker}?{marker}", {}) == REFUSED
        assert len([one for one in api.received if marker in one.target]) > 9
    targets = [asked.target for asked in log.asked()]
    assert any(target == "/__p2claw/sibling" for target in targets)
    assert [path for path in targets if not path.startswith(("/__p2claw/", "/favicon.ico"))] == []
    assert [asked.target for asked in log.asked() if asked.has_cookie] == []
    assert b"lobster" not in log.raw()
