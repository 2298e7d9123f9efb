"""An app that has used up its month, in real browsers: a page says so until there is more."""

from __future__ import annotations

from typing import Any

from tests.e2e.stack import Stack
from tests.e2e.upstreams.canned import canned_app, page
from tests.support.browser import Browser

APP = page(b"<!doctype html><title>Dog</title><p>Inside the app</p>")
USED_UP = "This app has used up its month"


async def test_a_person_sees_that_the_month_is_used_up_and_the_app_when_it_has_more(
    browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    async with canned_app({"/": APP}) as app:

        async def limit(monthly_bytes: int) -> Any:
            entry = {"upstream": app.upstream, "monthly_bytes": monthly_bytes}
            return await shared_stack.ask("PUT", f"/v1/routes/{fresh_name}", entry)

        address = await shared_stack.expose(fresh_name, app.upstream)
        try:
            tab = await browser.open(address.url)
            await tab.wait_for_text("Inside the app", within="app")
            await shared_stack.ask("GET", "/v1/usage")  # counts what was moved until now
            await limit(1)
            asked = len(app.server.requests)
            await tab.reload()
            await tab.wait_for_text(USED_UP, within="app")
            assert len(app.server.requests) == asked
            await limit(10**9)
            await tab.reload()
            await tab.wait_for_text("Inside the app", within="app")
            await tab.close()
        finally:
            await shared_stack.unexpose(fresh_name)
