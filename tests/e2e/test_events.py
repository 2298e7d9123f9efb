"""Server-sent events."""

from __future__ import annotations

from tests.e2e.acts.events import listen, received, wait_for_events
from tests.e2e.acts.visit import visit
from tests.e2e.conftest import Site
from tests.support.browser import Browser


async def test_events_arrive_one_by_one_as_they_happen(browser: Browser, site: Site) -> None:
    tab = (await visit(browser, f"{site.url}/", "This is page 0")).tab
    await listen(tab, "/events")
    await wait_for_events(tab, 30)
    events = await received(tab)
    assert (events.errors, events.opens) == (0, 1)
    assert events.last == f"tick {events.count}"
