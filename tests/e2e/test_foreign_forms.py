"""A form of another site reaches an app as what it is, in both browsers; `make cross-site` has all
other ways. Two cases suffice here: without a referrer a Service Worker cannot know who asked.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from tests.cross_site.cases import CASES
from tests.cross_site.judge import NOTHING, grants_more
from tests.cross_site.run import COOKIES, received_of
from tests.e2e.acts.visit import visit
from tests.e2e.stack import Stack
from tests.e2e.upstreams.neighbours import neighbour
from tests.support.browser import Browser

HERE = (
    "form POST x-www-form-urlencoded _top",
    "form POST x-www-form-urlencoded _top without referrer",
)


async def test_a_form_of_another_site_is_never_taken_for_the_apps_own(
    browser: Browser, shared_stack: Stack, fresh_name: str, tmp_path: Path
) -> None:
    async with contextlib.AsyncExitStack() as stack:
        victim, evil = [await stack.enter_async_context(neighbour()) for _ in range(2)]
        url = (await shared_stack.expose(fresh_name, victim.upstream)).url.rstrip("/")
        stack.push_async_callback(shared_stack.unexpose, fresh_name)
        page = f"http://127.0.0.1:{evil.port}/"
        await (await visit(browser, url, "A neighbour")).tab.evaluate(COOKIES)
        for case in CASES:
            if case.name not in HERE:
                continue
            direct = f"http://localhost:{victim.port}"
            usual = await received_of(browser, victim, page, case, direct, "direct-1")
            got = await received_of(browser, victim, page, case, url, "through-1")
            assert got.method != NOTHING
            assert grants_more(usual, got) == []
            assert got.site == "cross-site"
            victim.received.clear()
