"""Who stands in the middle learns that somebody visited, and nothing of what was exchanged."""

from __future__ import annotations

from tests.e2e.acts.visit import visit
from tests.e2e.conftest import Site
from tests.e2e.stack import Stack
from tests.support.browser import Browser

TALK = """async (marker) => {
  await fetch(`/page/1?path=${marker}`);
  await fetch("/echo", { method: "POST", headers: { "x-note": marker }, body: marker });
}"""


async def test_the_servers_logs_hold_no_path_header_or_body(
    browser: Browser, site: Site, shared_stack: Stack
) -> None:
    marker = f"lobster-{browser.kind}"
    tab = (await visit(browser, f"{site.url}/page/3?{marker}#{marker}", "This is page 3")).tab
    await tab.evaluate(TALK, marker)
    assert any(marker in seen.fields.get("x-note", "") for seen in site.asked_for("/echo"))
    log = shared_stack.server_log.read_text()
    assert log
    assert marker not in log
    assert "/page/" not in log
