"""Once an app is shown, nothing of it reaches the edge: no path, no cookie, no body."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.e2e.acts.visit import visit
from tests.e2e.probe_app import Probe
from tests.e2e.stack import Stack, stack
from tests.e2e.table.edge_requests import may
from tests.support.browser import Browser
from tests.support.edge_log import EdgeLog

# Our own files, and the icon that a browser asks for at the top of a tab by itself.
OURS = ("/__p2claw/", "/favicon.ico")
# All that a page does, each with the marker in path, query, body and cookie.
DO_EVERYTHING = """async (marker) => {
  document.cookie = `c=${marker}`;
  const form = new FormData();
  form.append("f", new File([marker], marker));
  await fetch(`/page/1?fetch-${marker}`);
  await fetch("/echo?post", { method: "POST", headers: { "x-note": marker }, body: marker });
  await fetch("/upload", { method: "POST", body: form });
  await fetch(`/status/404?missing-${marker}`);
  await fetch(`/redirect/302?to=/page/2?${marker}`);
  await new Promise((resolve) => {
    const xhr = new XMLHttpRequest();
    xhr.onloadend = resolve;
    xhr.open("POST", `/echo?xhr-${marker}`);
    xhr.send(marker);
  });
  navigator.sendBeacon(`/echo?beacon-${marker}`, marker);
  void fetch(`/echo?keepalive-${marker}`, { method: "POST", body: marker, keepalive: true });
  for (const [tag, key] of [["img", "src"], ["script", "src"], ["link", "href"], ["iframe", "src"],
    ["video", "src"], ["audio", "src"]]) {
    const element = document.createElement(tag);
    if (tag === "link") element.rel = "stylesheet";
    element[key] = `/page/4?${tag}-${marker}`;
    document.body.append(element);
  }
  const events = new EventSource(`/events?${marker}`);
  await new Promise((resolve) => { events.onmessage = resolve; });
  events.close();
  await new Promise((resolve) => setTimeout(resolve, 800));
}"""


@pytest_asyncio.fixture(loop_scope="session")
async def written_down(tmp_path: Path) -> AsyncIterator[Stack]:
    async with stack(tmp_path, program="tests.support.edge_log") as running:
        yield running


async def everything(browser: Browser, running: Stack, probe: Probe, name: str) -> EdgeLog:
    """Visit an app, forget what that took, use the app; the log has what the edge saw since."""
    marker = f"lobster{browser.kind}"
    log = EdgeLog(running.folder)
    address = await running.expose(name, probe.upstream)
    tab = (await visit(browser, address.url, "This is page 0")).tab
    assert any(asked.target == "/" for asked in log.asked()), "the log sees nothing at all"
    log.forget()
    await tab.evaluate(DO_EVERYTHING, marker)
    await tab.evaluate("m => { location.href = `/page/7?navigated-${m}` }", marker)
    await tab.wait_for_text("This is page 7")
    await tab.reload()
    await tab.wait_for_text("This is page 7")
    other = await browser.open(f"{address.url}page/8?opened-{marker}")
    await other.wait_for_text("This is page 8")
    assert len([seen for seen in probe.seen if marker in seen.target]) > 12
    assert log.asked(), "a new tab asks the edge at least for an introduction"
    return log


@pytest.mark.timeout(150)
async def test_after_boot_no_path_and_no_body_of_the_app_reaches_the_edge(
    browser: Browser, written_down: Stack, probe: Probe, fresh_name: str
) -> None:
    log = await everything(browser, written_down, probe, fresh_name)
    targets = [asked.target for asked in log.asked()]
    assert [path for path in targets if not path.startswith(OURS)] == []
    # The judge of the table of real apps knows each of them, and what its body may be.
    assert [asked for asked in log.asked() if not may(asked, "")] == []
    without_cookies = re.sub(rb"(?im)^cookie:.*$", b"", log.raw())
    assert b"lobster" not in without_cookies


@pytest.mark.timeout(150)
async def test_after_boot_no_cookie_of_the_app_reaches_the_edge(
    browser: Browser, written_down: Stack, probe: Probe, fresh_name: str
) -> None:
    log = await everything(browser, written_down, probe, fresh_name)
    assert [asked.target for asked in log.asked() if asked.has_cookie] == []
