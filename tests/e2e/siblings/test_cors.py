"""What a page may read of a sibling: CORS is as between two servers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.siblings.pairs import ASK, Pair, tab_of
from tests.support.browser import Browser, until

SCRIPT = (Path(__file__).parents[1] / "upstreams" / "crossing.js").read_text()
OBSERVE = SCRIPT[SCRIPT.index("async (web, api)") :]


@pytest.mark.timeout(180)
async def test_a_page_observes_the_same_as_beside_two_servers(browser: Browser, pair: Pair) -> None:
    direct = (f"http://localhost:{pair.web.port}", f"http://localhost:{pair.api.port}")
    beside = await browser.open(f"{direct[0]}/", within="top")
    expected = _plain(await beside.evaluate(OBSERVE, *direct, timeout_s=60), *direct)
    pair.api.received.clear()
    tab = await tab_of(browser, pair)
    seen = _plain(await tab.evaluate(OBSERVE, *pair.origins, timeout_s=90), *pair.origins)
    assert seen == expected
    assert sum(value == "TypeError" for value in seen.values()) > 10, "too little was refused"
    await until(lambda: bool(pair.api.asked_for("/beacon")), timeout_s=10, what="a beacon came")
    assert pair.api.asked_for("/beacon")[0].body == b"lamp"
    # What was kept is not asked again, and what is simple not at all.
    assert len(pair.api.asked_for("/kept", "OPTIONS")) == 1
    assert not pair.api.asked_for("/simple", "OPTIONS")


async def test_requests_hold_what_a_browsers_would(browser: Browser, pair: Pair) -> None:
    tab = await tab_of(browser, pair)
    web, api = pair.origins
    init = {
        "method": "PUT",
        "headers": {"X-B": "1", "Authorization": "a"},
        "credentials": "include",
    }
    url = f"{api}/sent?allow={web}&with=1&methods=PUT&names=authorization,x-b"
    await tab.evaluate("() => { document.cookie = 'own=1'; }")
    assert (await tab.evaluate(ASK, url, init))["status"] == 200
    asked, sent = pair.api.asked_for("/sent")
    assert asked.fields["access-control-request-method"] == "PUT"
    assert asked.fields["access-control-request-headers"] == "authorization,x-b"
    assert "authorization" not in asked.fields
    assert sent.fields["authorization"] == "a"
    for one in (asked, sent):
        assert one.fields["origin"] == web
        assert one.fields["referer"] == f"{web}/"
        assert one.fields["sec-fetch-site"] == "same-site"
        assert one.fields["sec-fetch-mode"] == "cors"
        assert "cookie" not in one.fields


async def test_cookies_are_the_siblings_own_and_pictures_come_without(
    browser: Browser, pair: Pair
) -> None:
    tab = await tab_of(browser, pair)
    web, api = pair.origins
    credentials = {"credentials": "include"}
    await tab.evaluate(ASK, f"{api}/login?cookie=s%3D1&allow={web}&with=1", credentials)
    await tab.evaluate(ASK, f"{api}/known?allow={web}&with=1", credentials)
    await tab.evaluate(ASK, f"{api}/blind", {"mode": "no-cors", **credentials})
    show = "url => new Promise(done => { const i = new Image(); i.onload = done; i.src = url; })"
    await tab.evaluate(show, f"{api}/picture.svg")
    assert pair.api.asked_for("/known")[0].fields["cookie"] == "s=1"
    # A script sees nothing of that, so it may go with cookies; a picture could be read.
    assert pair.api.asked_for("/blind")[0].fields["cookie"] == "s=1"
    assert "cookie" not in pair.api.asked_for("/picture.svg")[0].fields
    assert await tab.evaluate("() => document.cookie") == ""


async def test_an_app_of_another_box_is_another_site(browser: Browser, pair: Pair) -> None:
    # By its other alias the same box is another one to every visitor.
    tab = await tab_of(browser, pair)
    web, _ = pair.origins
    api = pair.api_url.key_url.rstrip("/")
    credentials = {"credentials": "include"}
    for cookie in ("lax=1", "none=1; SameSite=None; Secure"):
        response = await tab.evaluate(
            ASK,
            f"{api}/login?cookie={cookie}&allow={web}&with=1".replace("; ", "%3B "),
            credentials,
        )
        assert response["status"] == 200
    response = await tab.evaluate(ASK, f"{api}/known?allow={web}&with=1", credentials)
    assert json.loads(response["text"])["cookie"] == "none=1"
    assert pair.api.asked_for("/known")[0].fields["sec-fetch-site"] == "cross-site"
    show = """url => new Promise(done => {
      const i = new Image(); i.onload = i.onerror = ({ type }) => done(type); i.src = url; })"""
    assert await tab.evaluate(show, f"{api}/picture.svg?policy=same-site") == "error"


def _plain(seen: Any, web: str, api: str) -> Any:
    """With the origins by their roles."""
    return json.loads(json.dumps(seen).replace(web, "WEB").replace(api, "API"))
