"""The cookie desk as an app, in a tab, each test in a fresh one."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.e2e.acts.visit import visit
from tests.e2e.stack import Stack
from tests.e2e.upstreams.cookie_desk import Desk, cookie_desk
from tests.support.browser import Browser, Tab


@pytest_asyncio.fixture(loop_scope="session")
async def desk() -> AsyncIterator[Desk]:
    async with cookie_desk() as served:
        yield served


@pytest_asyncio.fixture(loop_scope="session")
async def url(desk: Desk, shared_stack: Stack, fresh_name: str) -> AsyncIterator[str]:
    yield (await shared_stack.expose(fresh_name, desk.upstream)).url.rstrip("/")
    await shared_stack.unexpose(fresh_name)


@pytest_asyncio.fixture(loop_scope="session")
async def tab(url: str, browser: Browser) -> Tab:
    return (await visit(browser, f"{url}/", "Cookie desk")).tab
