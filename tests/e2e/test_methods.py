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
  const response = await fetch(path, init);
  return {
    status: response.status, type: response.type, redirected: response.redirected,
    path: new URL(response.url || location.href).pathname,
    fields: Object.fromEntries(response.headers), body: await response.text(),
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
    response: dict[str, Any] = await tab.evaluate(ASK, path, init)
    return response


async def test_head_gives_the_fields_and_no_body(tab: Tab) -> None:
    response = await _ask(tab, "/bytes/5000", method="HEAD")
    assert (response["status"], response["body"]) == (200, "")
    assert response["fields"]["content-length"] == "5000"


async def test_options_reaches_the_app(tab: Tab) -> None:
    response = await _ask(tab, "/echo", method="OPTIONS")
    assert (response["status"], response["fields"]["allow"]) == (204, "GET, POST, OPTIONS")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_other_methods_carry_their_bodies(tab: Tab, method: str) -> None:
    response = await _ask(tab, "/echo", method=method, body="crab")
    assert response["body"] == f'{{"method": "{method}", "body": "crab"}}'


@pytest.mark.parametrize("status", [204, 404, 418, 503])
async def test_a_status_arrives_as_the_app_gave_it(tab: Tab, status: int) -> None:
    response = await _ask(tab, f"/status/{status}")
    assert (response["status"], response["fields"]["x-probe"]) == (status, "yes")


async def test_a_conditional_request_gets_not_modified(tab: Tab) -> None:
    fields = {"If-None-Match": '"crab"'}
    response = await _ask(tab, "/status/304", headers=fields, cache="no-store")
    assert (response["status"], response["body"]) == (304, "")


async def test_a_redirect_is_followed_to_its_end(tab: Tab) -> None:
    response = await _ask(tab, "/redirect/302?to=/page/9")
    assert (response["status"], response["redirected"], response["path"]) == (200, True, "/page/9")


async def test_a_redirect_to_the_upstream_itself_stays_with_the_app(tab: Tab, probe: Probe) -> None:
    response = await _ask(tab, f"/redirect/302?to={probe.upstream}/page/8")
    assert (response["status"], response["path"]) == (200, "/page/8")


async def test_a_redirect_that_keeps_the_method_keeps_the_body(tab: Tab) -> None:
    path = "/redirect/307?to=/echo"
    response = await _ask(tab, path, method="POST", body="crab")
    assert response["body"] == '{"method": "POST", "body": "crab"}'


async def test_a_redirect_left_alone_is_opaque(tab: Tab, probe: Probe) -> None:
    response = await _ask(tab, "/redirect/302", redirect="manual")
    assert response["type"] == "opaqueredirect"
    assert probe.asked_for("/page/2") == []


async def test_navigating_to_a_redirect_ends_at_its_target(tab: Tab) -> None:
    await tab.evaluate("() => { location.href = '/redirect/302?to=/page/6'; }")
    await tab.wait_for_text("This is page 6")
    await tab.wait_for("() => location.pathname === '/page/6'", within="top")
