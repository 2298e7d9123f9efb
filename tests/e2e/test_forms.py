"""Forms that the browser sends by itself, without a script."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.acts.visit import visit
from tests.e2e.conftest import Site
from tests.e2e.probe_app import digest, write_file
from tests.support.browser import Browser

SIZE = 3_000_000


async def test_a_form_with_a_file_arrives_whole_and_leads_on(
    browser: Browser, site: Site, tmp_path: Path
) -> None:
    tab = (await visit(browser, f"{site.url}/form", "A form")).tab
    await tab.type("#name", "crab")
    await tab.upload("#chosen", write_file(tmp_path / "photo.bin", SIZE))
    await tab.click("button")
    # What the page's own script writes comes after its heading.
    await tab.wait_for_text(f"name=crab&sha256={digest(SIZE)}")


async def test_where_a_form_leads_is_in_the_address_bar(
    browser: Browser, site: Site, tmp_path: Path
) -> None:
    tab = (await visit(browser, f"{site.url}/form", "A form")).tab
    await tab.upload("#chosen", write_file(tmp_path / "photo.bin", 1000))
    await tab.click("button")
    await tab.wait_for("() => location.pathname === '/page/1'", within="top")
