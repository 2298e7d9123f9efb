"""Closing the tab ends everything that the visitor had asked for, at the upstream too."""

from __future__ import annotations

import pytest

from tests.e2e.acts.visit import visit
from tests.e2e.conftest import Site
from tests.support.browser import Browser, until

UPSTREAM_ENDS_S = 5

FETCH_AND_READ = (
    "path => { fetch(path).then((response) => response.arrayBuffer()).catch(() => {}); }"
)


@pytest.mark.parametrize("path", ["/endless", "/events", "/hang", "/bytes/2000000000"])
async def test_closing_the_tab_ends_the_request(browser: Browser, site: Site, path: str) -> None:
    tab = (await visit(browser, f"{site.url}/", "This is page 0")).tab
    await tab.evaluate(FETCH_AND_READ, path)
    await until(lambda: path in site.probe.open, timeout_s=10, what="the upstream is asked")
    await tab.close()
    await until(
        lambda: path not in site.probe.open, timeout_s=UPSTREAM_ENDS_S, what="the upstream ends"
    )


async def test_aborting_a_fetch_ends_the_request(browser: Browser, site: Site) -> None:
    tab = (await visit(browser, f"{site.url}/", "This is page 0")).tab
    await tab.evaluate(
        """() => {
            window.stop = new AbortController();
            fetch("/endless", { signal: stop.signal }).then((a) => a.text()).catch(() => {});
        }"""
    )
    await until(lambda: "/endless" in site.probe.open, timeout_s=10, what="the upstream is asked")
    await tab.evaluate("() => stop.abort()")
    await until(
        lambda: "/endless" not in site.probe.open,
        timeout_s=UPSTREAM_ENDS_S,
        what="the upstream ends",
    )
