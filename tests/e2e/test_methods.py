"""Everything HTTP has besides GET and 200 means the same at the far end of a link."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.e2e.acts.visit import visit
from tests.e2e.probe_app import Probe
from tests.e2e.stack import Stack
from tests.support.browser import Browser, Tab

NAME = "methods"

ASK = """async (path, init) => {
  const answer = await fetch(path, init);
  return {
    status: answer.status, type: answer.type, redirected: answer.redirected,
    path: new URL(answer.url || location.href).pathname,
    fields: Object.fromEntries(answer.headers), body: await answer.text(),
  };
}"""


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def tab(
    running_browser: Browser, shared_stack: Stack, running_probe: Probe
) -> AsyncIterator[Tab]:
    """One page of the app that stays open for all of these."""
    address = await shared_stack.expose(NAME, running_probe.upstream)
    opened = (await visit(running_browser, address.url, "This is page 0")).tab
    yield opened
    await opened.close()


async def _ask(tab: Tab, path: str, **init: Any) -> dict[str, Any]:
    answer: dict[str, Any] = await tab.evaluate(ASK, path, init)
    return answer


async def test_head_gives_the_fields_and_no_body(tab: Tab) -> None:
    answer = await _ask(tab, "/bytes/5000", method="HEAD")
    assert (answer["status"], answer["body"]) == (200, "")
    assert answer["fields"]["content-length"] == "5000"


async def test_options_reaches_the_app(tab: Tab) -> None:
    answer = await _ask(tab, "/echo", method="OPTIONS")
    assert (answer["status"], answer["fields"]["allow"]) == (204, "GET, POST, OPTIONS")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_other_methods_carry_their_bodies(tab: Tab, method: str) -> None:
    answer = await _ask(tab, "/echo", method=method, body="crab")
    assert answer["body"] == f'{{"method": "{method}", "body": "crab"}}'


@pytest.mark.parametrize("status", [204, 404, 418, 503])
async def test_a_status_arrives_as_the_app_gave_it(tab: Tab, status: int) -> None:
    answer = await _ask(tab, f"/status/{status}")
    assert (answer["status"], answer["fields"]["x-probe"]) == (status, "yes")


async def test_not_modified_answers_a_conditional_request(tab: Tab) -> None:
    fields = {"If-None-Match": '"crab"'}
    answer = await _ask(tab, "/status/304", headers=fields, cache="no-store")
    assert (answer["status"], answer["body"]) == (304, "")


async def test_a_redirect_is_followed_to_its_end(tab: Tab) -> None:
    answer = await _ask(tab, "/redirect/302?to=/page/9")
    assert (answer["status"], answer["redirected"], answer["path"]) == (200, True, "/page/9")


async def test_a_redirect_to_the_upstream_itself_stays_with_the_app(tab: Tab, probe: Probe) -> None:
    answer = await _ask(tab, f"/redirect/302?to={probe.upstream}/page/8")
    assert (answer["status"], answer["path"]) == (200, "/page/8")


async def test_a_redirect_that_keeps_the_method_keeps_the_body(tab: Tab) -> None:
    path = "/redirect/307?to=/echo"
    answer = await _ask(tab, path, method="POST", body="crab")
    assert answer["body"] == '{"method": "POST", "body": "crab"}'


async def test_a_redirect_left_alone_is_opaque(tab: Tab, probe: Probe) -> None:
    answer = await _ask(tab, "/redirect/302", redirect="manual")
    assert answer["type"] == "opaqueredirect"
    assert probe.asked_for("/page/2") == []


async def test_navigating_to_a_redirect_ends_at_its_target(tab: Tab) -> None:
    await tab.evaluate("() => { location.href = '/redirect/302?to=/page/6'; }")
    await tab.wait_for_text("This is page 6")
    await tab.wait_for("() => location.pathname === '/page/6'", within="top")
