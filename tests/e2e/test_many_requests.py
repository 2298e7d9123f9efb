"""A page may ask for more at once than a link has streams: what is too much waits its turn."""

from __future__ import annotations

from tests.e2e.acts.visit import visit
from tests.e2e.conftest import Site
from tests.support.browser import Browser

MANY = 900  # more than were once let wait


async def test_every_request_of_many_is_answered(browser: Browser, site: Site) -> None:
    tab = (await visit(browser, f"{site.url}/", "This is page 0")).tab
    failed = await tab.evaluate(
        """async (many) => {
            const asked = Array.from({ length: many }, (_, n) => fetch("/small/" + n));
            const answers = await Promise.allSettled(asked);
            return answers.filter(({ value }) => value?.status !== 200).length;
        }""",
        MANY,
        timeout_s=90,
    )
    assert failed == 0
    assert len({seen.target for seen in site.probe.seen if "/small/" in seen.target}) == MANY
