"""Logging in to a guarded app at a real provider, in browsers; and what the edge sees of it."""

from __future__ import annotations

import asyncio
import contextlib
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from p2claw.agent.access.passwords import hash_of
from tests.e2e.stack import Stack, stack
from tests.e2e.upstreams.canned import CannedApp, canned_app, page
from tests.support.browser import Browser, Tab
from tests.support.edge_log import EdgeLog

HERE = Path(__file__).parent
SHOTS = HERE / "shots" / "login"
CALLBACK = "/.p2claw/access/login/callback"
PASSWORD = "correct horse battery"
DOOR = "() => [...document.querySelectorAll('button')].some((one) => /log in/i.test(one.innerText))"
PROVIDER = "() => document.title === 'Provider' && !!document.querySelector('input[name=login]')"
INSIDE = "Inside the app"
APP = page(b"<!doctype html><title>Dog</title><p>Inside the app</p>")
START_S = 20


@contextlib.asynccontextmanager
async def provider(redirect: str, *modes: str) -> AsyncIterator[str]:
    """The issuer of a provider that knows this redirect URI."""
    process = await asyncio.create_subprocess_exec(
        *("node", "oidc_provider.mjs", redirect, *modes), cwd=HERE, stdin=PIPE, stdout=PIPE
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(START_S):
            yield (await process.stdout.readline()).decode().strip()
    finally:
        process.kill()
        await process.wait()


@contextlib.asynccontextmanager
async def guarded(
    running: Stack, name: str, *modes: str, password: str = ""
) -> AsyncIterator[tuple[str, CannedApp]]:
    """An app for ada and for all of example.com; its URL without the slash at the end."""
    async with canned_app({"/": APP, "/a": APP}) as app:
        url = (await running.expose(name, app.upstream)).url.rstrip("/")
        async with provider(url + CALLBACK, *modes) as issuer:
            login = {
                "issuer": issuer,
                "client": "box",
                "secret": "secret of the box",
                "emails": ["ada@example.org", "@example.com"],
            }
            guard = {"login": login, **({"password": hash_of(password)} if password else {})}
            entry = {"upstream": app.upstream, "guard": guard}
            await running.ask("PUT", f"/v1/routes/{name}", entry)
            app.server.requests.clear()
            try:
                yield url, app
            finally:
                await running.unexpose(name)


async def log_in(tab: Tab, address: str) -> None:
    """At the provider, which is the whole tab."""
    await tab.wait_for(DOOR)
    await tab.evaluate("() => document.querySelector('form button').click()")
    await tab.wait_for(PROVIDER, within="top", timeout_s=15)
    await tab.type("input[name=login]", address, within="top", enter=True)


@pytest_asyncio.fixture(loop_scope="session")
async def written_down(tmp_path: Path) -> AsyncIterator[Stack]:
    async with stack(tmp_path, program="tests.support.edge_log") as running:
        yield running


async def test_a_person_logs_in_and_the_edge_sees_no_code(
    browser: Browser, written_down: Stack, fresh_name: str
) -> None:
    """At a provider that knows of fragments, and at one that puts the code into the query."""
    for modes in ((), ("query",)):
        async with guarded(written_down, fresh_name + "q" * len(modes), *modes) as (url, app):
            tab = await browser.open(f"{url}/a?b=c")
            await tab.wait_for(DOOR)
            assert app.server.requests == []
            await log_in(tab, "ada@example.org")
            await tab.wait_for_text(INSIDE, timeout_s=15)
            assert await tab.evaluate("() => location.href", within="top") == f"{url}/a?b=c"
            assert len(app.asked_for("/a")) == 1
            seen = app.server.requests
            assert {one.values("x-p2claw-user")[0] for one in seen} == {"ada@example.org"}
            assert {one.values("x-p2claw-access")[0] for one in seen} == {"oidc"}
            assert "p2claw-access=" not in str([one.values("cookie") for one in seen])
    raw = EdgeLog(written_down.folder).raw()
    assert b"/__p2claw/" in raw
    assert [word for word in (b"code=", b"/callback", b"state=") if word in raw] == []
    log = written_down.agent_log.read_text()
    assert log.count("way=oidc") == 2
    assert "ada@" not in log


async def test_another_account_is_refused_and_the_right_one_can_be_chosen(
    browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    async with guarded(shared_stack, fresh_name) as (url, app):
        tab = await browser.open(url)
        await log_in(tab, "ada@example.com.evil.org")
        await tab.wait_for_text("not one of those that may enter", timeout_s=15)
        await log_in(tab, "unverified@example.com")
        await tab.wait_for_text("has not confirmed", timeout_s=15)
        await log_in(tab, "")
        await tab.wait_for_text("given up, or refused", timeout_s=15)
        assert app.server.requests == []
        await log_in(tab, "bob@example.com")
        await tab.wait_for_text(INSIDE, timeout_s=15)
        await tab.goto(f"{url}/.p2claw/access/leave")
        await tab.wait_for_text("Leave this app")
        await tab.evaluate("() => document.querySelector('button').click()")
        await tab.wait_for_text("You have left")
        seen = len(app.server.requests)
        await tab.goto(url)
        await tab.wait_for(DOOR)
        assert len(app.server.requests) == seen


async def test_a_login_that_another_browser_began_lets_nobody_in(
    browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    """An attacker leads a victim to the rest of a login of his own."""
    async with guarded(shared_stack, fresh_name) as (url, app):
        tab = await browser.open(url)
        await tab.wait_for(DOOR)
        await tab.goto(f"{url}{CALLBACK}#code=stolen&state={'A' * 43}")
        await tab.wait_for_text("or began in another browser", timeout_s=15)
        assert "stolen" not in await tab.evaluate("() => location.href", within="top")
        assert app.server.requests == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_door_is_drawn(
    scheme: str, browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    """For whoever looks at it: tests/e2e/shots/login."""
    if browser.kind != "chromium":
        pytest.skip("the other draws the same, and is not told the scheme")
    SHOTS.mkdir(parents=True, exist_ok=True)
    async with guarded(shared_stack, fresh_name, password=PASSWORD) as (url, _):
        tab = await browser.open(url)
        await tab.wait_for(DOOR)
        feature = {"name": "prefers-color-scheme", "value": scheme}
        await tab.cdp("Emulation.setEmulatedMedia", features=[feature])
        await tab.screenshot(SHOTS / f"door-{browser.kind}-{scheme}.png")
        await log_in(tab, "eve@example.net")
        await tab.wait_for_text("not one of those that may enter", timeout_s=15)
        await tab.cdp("Emulation.setEmulatedMedia", features=[feature])
        size = {"width": 390, "height": 780, "deviceScaleFactor": 2, "mobile": True}
        await tab.cdp("Emulation.setDeviceMetricsOverride", **size)
        await tab.screenshot(SHOTS / f"phone-{scheme}.png")
        wide = "() => document.documentElement.scrollWidth <= innerWidth"
        assert await tab.evaluate(wide)
        await tab.cdp("Emulation.clearDeviceMetricsOverride")
