"""A page may ask for more at once than a link has streams: what is too much waits its turn."""

from __future__ import annotations

from tests.e2e.acts.visit import visit
from tests.e2e.conftest import Site
from tests.e2e.stack import Stack
from tests.e2e.upstreams.raw import raw_app, response
from tests.support.browser import Browser

MANY = 900  # more than were once let wait
THUMBNAILS = 2_000
# Seven grey pixels by seven.
THUMBNAIL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000007000000070800000000e139080f0000000e49444154789c63"
    "68800006126900ae5618814fe399290000000049454e44ae426082"
)
SHOWN = """() => document.readyState === "complete"
  ? [...document.images].filter((image) => image.naturalWidth === 7).length : null"""


async def test_every_request_of_many_gets_a_response(browser: Browser, site: Site) -> None:
    tab = (await visit(browser, f"{site.url}/", "This is page 0")).tab
    failed = await tab.evaluate(
        """async (many) => {
            const asked = Array.from({ length: many }, (_, n) => fetch("/small/" + n));
            const responses = await Promise.allSettled(asked);
            return responses.filter(({ value }) => value?.status !== 200).length;
        }""",
        MANY,
        timeout_s=90,
    )
    assert failed == 0
    assert len({seen.target for seen in site.probe.seen if "/small/" in seen.target}) == MANY


async def test_every_thumbnail_of_a_long_page_is_shown(
    browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    images = "".join(f'<img src="/thumbnail?{n}" alt="">' for n in range(THUMBNAILS))
    async with raw_app() as app:
        app.responses["/"] = response(f"<!doctype html><p>Thumbnails{images}", "text/html")
        app.responses["/thumbnail"] = response(THUMBNAIL, "image/png")
        url = (await shared_stack.expose(fresh_name, app.upstream)).url
        tab = (await visit(browser, url, "Thumbnails")).tab
        assert await tab.wait_for(SHOWN, timeout_s=90) == THUMBNAILS
        await shared_stack.unexpose(fresh_name)
