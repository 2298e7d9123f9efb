"""Apps that nobody here wrote work as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.acts.foreign_apps import (
    count_in_react,
    follow_first_hit,
    search_in_docs,
    try_out_in_swagger,
)
from tests.e2e.acts.visit import visit
from tests.e2e.apps import FASTAPI_DOCS, MKDOCS_SITE, REACT_APP
from tests.e2e.stack import Stack
from tests.support.browser import Browser

# The first test of an app makes it, from its registry.
pytestmark = pytest.mark.timeout(300)


async def test_a_react_app_served_by_vite_counts_clicks(
    browser: Browser, shared_stack: Stack, tmp_path: Path
) -> None:
    async with REACT_APP.serve(tmp_path / "app.log") as port:
        address = await shared_stack.expose(REACT_APP.name, f"http://localhost:{port}")
        tab = (await visit(browser, address.url, "Get started")).tab
        images, button = await count_in_react(tab)
    assert images >= 3
    assert button == "Count is 3"


async def test_an_mkdocs_site_finds_what_is_searched(
    browser: Browser, shared_stack: Stack, tmp_path: Path
) -> None:
    async with MKDOCS_SITE.serve(tmp_path / "app.log") as port:
        address = await shared_stack.expose(MKDOCS_SITE.name, f"http://localhost:{port}")
        tab = (await visit(browser, address.url, "Python-Markdown")).tab
        hits = await search_in_docs(tab)
        heading = await follow_first_hit(tab)
    assert "Footnotes" in hits
    assert heading.startswith("Footnotes")


async def test_the_swagger_page_of_fastapi_tries_out_an_endpoint(
    browser: Browser, shared_stack: Stack, tmp_path: Path
) -> None:
    async with FASTAPI_DOCS.serve(tmp_path / "app.log") as port:
        address = await shared_stack.expose(FASTAPI_DOCS.name, f"http://localhost:{port}")
        tab = (await visit(browser, f"{address.url.rstrip('/')}/docs", "FastAPI")).tab
        status, body = await try_out_in_swagger(tab)
    assert status == 200
    assert "Hello crab" in body
