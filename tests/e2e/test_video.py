"""A film plays and seeks, by ranges of its file."""

from __future__ import annotations

from tests.e2e.acts.video import play, seek
from tests.e2e.acts.visit import visit
from tests.e2e.conftest import Site
from tests.support.browser import Browser

FILM = "/media/film.webm"


async def test_a_film_plays_and_goes_on_from_where_it_is_dragged(
    browser: Browser, site: Site
) -> None:
    tab = (await visit(browser, f"{site.url}/film", "A film")).tab
    await play(tab)
    jump = await seek(tab, 0.85)
    assert jump.at > 0.8 * jump.duration


async def test_the_app_is_asked_for_ranges_of_a_film_and_responds_206(
    browser: Browser, site: Site
) -> None:
    tab = (await visit(browser, f"{site.url}/film", "A film")).tab
    await play(tab)
    asked = site.asked_for(FILM)
    assert all("range" in seen.fields for seen in asked)
    assert {seen.status for seen in asked} == {206}


async def test_a_range_of_a_file_is_that_range_and_no_more(browser: Browser, site: Site) -> None:
    tab = (await visit(browser, f"{site.url}/film", "A film")).tab
    response = await tab.evaluate(
        """async (path) => {
            const response = await fetch(path, { headers: { Range: "bytes=1000-1999" } });
            const length = (await response.arrayBuffer()).byteLength;
            return [response.status, length, response.headers.get("content-range").split("/")[0]];
        }""",
        FILM,
    )
    assert response == [206, 1000, "bytes 1000-1999"]
