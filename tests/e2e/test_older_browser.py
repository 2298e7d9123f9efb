"""With `--older-browser` every realm of the browser side really lacks what it is said to lack.

Collected only then: tests/e2e/conftest.py.
"""

from __future__ import annotations

from tests.e2e.acts.visit import visit
from tests.e2e.conftest import Site
from tests.support.browser import Browser

ABSENT = """() => [
  "navigation", "NavigateEvent", "cookieStore", "ReadableByteStreamController",
].filter(name => name in window)"""


async def test_what_the_oldest_safari_lacks_is_gone(browser: Browser, site: Site) -> None:
    tab = (await visit(browser, site.url, "This is page 0")).tab
    assert await tab.evaluate(ABSENT) == []
    assert await tab.evaluate(ABSENT, within="top") == []
