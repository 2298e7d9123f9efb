"""A guarded app in real browsers: who enters, who does not, and what is over at once."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from p2claw.agent.access.passwords import hash_of
from tests.e2e.stack import AppUrl, Stack, stack
from tests.e2e.upstreams.canned import CannedApp, canned_app, page
from tests.support.browser import Browser, Tab
from tests.support.upstreams import OK

PASSWORD = "correct horse battery"
DOOR = "() => document.querySelector('input[type=password]') && location.href"
INSIDE = "Inside the app"
APP = page(
    b"<!doctype html><title>Dog</title><p>Inside the app</p><p id=event></p><img src=/cat.svg>",
    fields=b"cache-control: max-age=3600\r\n",
)
PICTURE = b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>"
SVG = (
    OK
    + b"content-type: image/svg+xml\r\ncache-control: max-age=3600\r\ncontent-length: %d\r\n\r\n"
    % len(PICTURE)
    + PICTURE
)
# It has no length, and does not end: the connection stays open.
EVENTS = OK + b"content-type: text/event-stream\r\n\r\ndata: one\n\n"
LISTEN = """() => {
  const source = new EventSource('/events');
  source.onmessage = ({ data }) => { document.body.dataset.event = data; };
  source.onerror = () => { document.body.dataset.broken = String(source.readyState); };
}"""


@contextlib.asynccontextmanager
async def guarded(stack: Stack, name: str) -> AsyncIterator[tuple[AppUrl, CannedApp]]:
    responses = {"/": APP, "/a": APP, "/cat.svg": SVG, "/events": EVENTS}
    async with canned_app(responses) as app:
        entry = {"upstream": app.upstream, "guard": {"password": hash_of(PASSWORD)}}
        await stack.ask("PUT", f"/v1/routes/{name}", entry)
        try:
            yield await _url(stack, name), app
        finally:
            await stack.unexpose(name)


async def _url(stack: Stack, name: str) -> AppUrl:
    for entry in (await stack.ask("GET", "/v1/status"))["apps"]:
        if entry["app"] == name:
            return AppUrl(entry["url"].rstrip("/"), entry["key_url"])
    raise AssertionError(name)


async def _enter(tab: Tab, password: str = PASSWORD) -> None:
    await tab.wait_for(DOOR)
    await tab.type("input[type=password]", password, enter=True)


async def _invite(stack: Stack, name: str, **wish: object) -> dict[str, str]:
    made: dict[str, str] = await stack.ask(
        "POST", f"/v1/invitations/{name}", {"name": "guests", "uses": 5, "for_s": 3600, **wish}
    )
    return made


async def test_a_person_enters_once_and_stays_in(
    browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    async with guarded(shared_stack, fresh_name) as (site, app):
        tab = await browser.open(f"{site.url}/a?b=c")
        await tab.wait_for(DOOR)
        assert app.server.requests == []
        await _enter(tab, "wrong password")
        await tab.wait_for_text("That is not the password")
        await tab.wait_for("() => document.activeElement?.type === 'password'")  # to type again
        assert app.server.requests == []
        await _enter(tab)
        await tab.wait_for_text(INSIDE)
        assert await tab.evaluate("() => location.href", within="top") == f"{site.url}/a?b=c"
        assert "p2claw-access" not in await tab.evaluate("() => document.cookie")
        await tab.reload()
        await tab.wait_for_text(INSIDE)
        other = await browser.open(site.url)
        await other.wait_for_text(INSIDE)
        seen = app.server.requests
        assert {value for one in seen for value in one.values("x-p2claw-user")} == {"visitor"}
        assert not [one for one in seen if "p2claw-access" in str(one.values("cookie"))]


async def test_what_is_open_ends_with_the_invitation_and_is_not_shown_again(
    browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    async with guarded(shared_stack, fresh_name) as (site, app):
        made = await _invite(shared_stack, fresh_name)
        tab = await browser.open(made["url"])
        await tab.wait_for_text(INSIDE)
        assert await tab.evaluate("() => location.href", within="top") == f"{site.url}/"
        second = await browser.open(site.url)
        await second.wait_for_text(INSIDE)
        await tab.evaluate(LISTEN)
        await tab.wait_for("() => document.body.dataset.event === 'one'")
        gone = await shared_stack.ask("DELETE", f"/v1/invitations/{made['id']}")
        assert gone["ended"] == 1
        await tab.wait_for("() => document.body.dataset.broken", timeout_s=10)
        before = len(app.server.requests)
        for one in (tab, second):
            await one.reload()
            await one.wait_for(DOOR)
            assert INSIDE not in await one.text()
        await second.goto(f"{site.url}/a")
        await second.wait_for(DOOR)
        await second.back()
        await second.wait_for(DOOR)
        await second.goto(f"{site.url}/cat.svg")
        await second.wait_for(DOOR)
        assert len(app.server.requests) == before
        late = await browser.open(made["url"])
        await late.wait_for_text("it was withdrawn")


async def test_an_invitation_that_is_used_up_leads_to_the_door(
    browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    async with guarded(shared_stack, fresh_name) as (site, app):
        made = await _invite(shared_stack, fresh_name, uses=1)
        tab = await browser.open(made["url"])
        await tab.wait_for_text(INSIDE)
        again = await browser.open(made["url"])
        await again.wait_for_text(INSIDE)  # of the same browser
        await again.close()  # a tab behind another would send no form in Chromium
        await tab.goto(f"{site.url}/.p2claw/access/leave")
        await tab.wait_for_text("Leave this app")
        await tab.evaluate("() => document.querySelector('button').click()")
        await tab.wait_for_text("You have left")
        seen = len(app.server.requests)
        late = await browser.open(made["url"])
        await late.wait_for_text("as often as it may be")
        assert len(app.server.requests) == seen


async def test_a_websocket_and_a_script_get_nothing_before_one_has_entered(
    browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    async with guarded(shared_stack, fresh_name) as (site, app):
        tab = await browser.open(site.url)
        await tab.wait_for(DOOR)
        opened = """() => new Promise((resolve) => {
          const socket = new WebSocket(location.origin.replace(/^http/, 'ws') + '/socket');
          socket.onopen = () => resolve('open');
          socket.onclose = ({ code }) => resolve(String(code));
        })"""
        # The policy of the door allows no connection at all.
        assert await tab.evaluate(f"() => ({opened})().catch(() => 'refused')") != "open"
        assert app.server.requests == []
        assert app.server.connections == 0


async def test_a_restart_of_the_agent_keeps_who_has_entered(
    browser: Browser, tmp_path: Path
) -> None:
    async with stack(tmp_path) as made, guarded(made, "dog") as (site, app):
        tab = await browser.open(site.url)
        await _enter(tab)
        await tab.wait_for_text(INSIDE)
        await made.end("agent", at_once=True)
        await made.start_agent("--workers", "2")
        await tab.goto(f"{site.url}/a")
        await tab.wait_for_text(INSIDE, timeout_s=60)
        assert app.asked_for("/a")
        invited = await _invite(made, "dog")
        assert (await made.p2claw("invitations", "list"))["invitations"][0]["id"] == invited["id"]


SHOTS = Path(__file__).parent / "shots" / "access"


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_pages_are_drawn(
    scheme: str, browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    """For whoever looks at them: tests/e2e/shots/access."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    async with guarded(shared_stack, fresh_name) as (site, _):
        tab = await browser.open(site.url)
        await tab.wait_for(DOOR)
        if browser.kind == "chromium":
            feature = {"name": "prefers-color-scheme", "value": scheme}
            await tab.cdp("Emulation.setEmulatedMedia", features=[feature])
        background = "() => getComputedStyle(document.body).backgroundColor"
        assert await tab.evaluate(background)
        await tab.screenshot(SHOTS / f"door-{browser.kind}-{scheme}.png")
        await _enter(tab, "wrong password")
        await tab.wait_for_text("That is not the password")
        await tab.screenshot(SHOTS / f"wrong-{browser.kind}-{scheme}.png")
        if browser.kind == "chromium":
            size = {"width": 390, "height": 780, "deviceScaleFactor": 2, "mobile": True}
            await tab.cdp("Emulation.setDeviceMetricsOverride", **size)
            await tab.screenshot(SHOTS / f"phone-{scheme}.png")
            wide = "() => document.documentElement.scrollWidth <= innerWidth"
            assert await tab.evaluate(wide)
            await tab.cdp("Emulation.clearDeviceMetricsOverride")
