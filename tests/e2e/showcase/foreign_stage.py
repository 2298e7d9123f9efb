"""Three apps that nobody here wrote, used and photographed."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.acts.foreign_apps import (
    count_in_react,
    follow_first_hit,
    search_in_docs,
    try_out_in_swagger,
)
from tests.e2e.acts.visit import visit
from tests.e2e.apps import FASTAPI_DOCS, MKDOCS_SITE, REACT_APP
from tests.e2e.showcase.facts import Facts
from tests.e2e.stack import Stack
from tests.support.browser import Browser


async def foreign_stage(facts: Facts, browser: Browser, stack: Stack, folder: Path) -> None:
    async with facts.stage("react"), REACT_APP.serve(folder / "react.log") as port:
        address = await stack.expose(REACT_APP.name, f"http://localhost:{port}")
        seen = await visit(browser, address.url, "Get started")
        images, button = await count_in_react(seen.tab)
        facts.note(
            "react",
            holds=button == "Count is 3",
            seconds=round(seen.seconds, 2),
            images=images,
            button=button,
        )
        await facts.picture(seen.tab, "react")
        await seen.tab.close()
    async with facts.stage("mkdocs"), MKDOCS_SITE.serve(folder / "docs.log") as port:
        address = await stack.expose(MKDOCS_SITE.name, f"http://localhost:{port}")
        seen = await visit(browser, address.url, "Python-Markdown")
        hits = await search_in_docs(seen.tab)
        await facts.picture(seen.tab, "mkdocs-search")
        heading = await follow_first_hit(seen.tab)
        facts.note("mkdocs", holds="Footnotes" in hits, hits=len(hits), followed=heading)
        await facts.picture(seen.tab, "mkdocs-found")
        await seen.tab.close()
    async with facts.stage("swagger"), FASTAPI_DOCS.serve(folder / "api.log") as port:
        address = await stack.expose(FASTAPI_DOCS.name, f"http://localhost:{port}")
        seen = await visit(browser, f"{address.url.rstrip('/')}/docs", "FastAPI")
        status, body = await try_out_in_swagger(seen.tab)
        facts.note("swagger", holds=status == 200 and "crab" in body, status=status, body=body)
        await facts.picture(seen.tab, "swagger")
        await seen.tab.close()
