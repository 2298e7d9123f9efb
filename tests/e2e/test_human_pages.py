"""When there is no app to see, a person sees why, and what to do."""

from __future__ import annotations

import pytest

from tests.e2e.acts import human_pages
from tests.e2e.acts.human_pages import through
from tests.e2e.apps.foreign import free_port
from tests.e2e.conftest import Site
from tests.e2e.lying_coordinator import Lie, lying_coordinator
from tests.e2e.probe_app import Probe, probe_app
from tests.e2e.stack import Stack
from tests.support.browser import Browser, Tab

PROBLEM = "code => document.documentElement.dataset.problem === code"


async def _says(tab: Tab, code: str) -> str:
    """Wait for the page with that code and return what is read on it."""
    await tab.wait_for(PROBLEM, code, within="top")
    # Firefox reads nothing at all on a page that it has not laid out yet.
    return str(await tab.wait_for("() => document.body.innerText", within="top"))


async def test_an_alias_that_no_box_ever_had_is_named(
    browser: Browser, shared_stack: Stack
) -> None:
    tab = await human_pages.unknown_alias(browser, shared_stack)
    assert "nosuchcrab" in await _says(tab, "alias-unknown")


async def test_an_app_that_is_not_exposed_is_named(browser: Browser, site: Site) -> None:
    tab = await human_pages.app_not_exposed(browser, site.address)
    assert "nothing-here" in await _says(tab, "app-unknown")


async def test_an_app_that_is_down_appears_when_it_is_up(
    browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    port = free_port()
    tab = await human_pages.app_down(browser, shared_stack, fresh_name, port)
    assert fresh_name in await _says(tab, "app-down")
    assert await tab.evaluate("() => document.documentElement.lang", within="top") == "en"
    async with probe_app(port):
        await tab.wait_for_text("This is page 0", within="app")
        await tab.close()


async def test_a_box_that_is_offline_is_reached_when_it_is_back(
    browser: Browser, own_stack: Stack, probe: Probe, fresh_name: str
) -> None:
    address = await own_stack.expose(fresh_name, probe.upstream)
    tab = await human_pages.box_offline(browser, own_stack, address)
    assert await _says(tab, "box-offline")
    await own_stack.start_agent()
    await tab.wait_for_text("This is page 0", within="app", timeout_s=60)


async def test_a_page_that_is_drawn_again_keeps_its_button(
    browser: Browser, own_stack: Stack, probe: Probe, fresh_name: str
) -> None:
    """Else a click is lost that begins before and ends after, and the keyboard's focus with it."""
    address = await own_stack.expose(fresh_name, probe.upstream)
    tab = await human_pages.box_offline(browser, own_stack, address)
    await _says(tab, "box-offline")
    await tab.wait_for("() => document.querySelector('button + .soon') !== null", within="top")
    await tab.evaluate(
        """() => {
            window.drawn = document.querySelector(".soon");
            window.pressed = document.querySelector("button");
            pressed.focus();
        }""",
        within="top",
    )
    await tab.wait_for(
        "() => !drawn.isConnected && document.querySelector('.soon') !== null",
        within="top",
        timeout_s=60,
    )
    assert await tab.evaluate("() => document.activeElement === pressed", within="top")
    await own_stack.start_agent()
    await tab.evaluate("() => pressed.click()", within="top")
    await tab.wait_for_text("This is page 0", within="app", timeout_s=60)


async def test_a_swapped_fingerprint_is_a_wrong_key(browser: Browser, site: Site) -> None:
    async with lying_coordinator(site.stack.edge) as liar:
        liar.lie = Lie.FINGERPRINT
        tab = await human_pages.visit(browser, through(site.url, liar.port))
        assert await _says(tab, "wrong-key")
        assert liar.changed == 1
        assert site.asked_for("/") == []


async def test_another_key_than_at_the_first_visit_is_a_wrong_key(
    browser: Browser, site: Site
) -> None:
    async with lying_coordinator(site.stack.edge) as liar:
        url = through(site.url, liar.port)
        first = await browser.open(url)
        await first.wait_for_text("This is page 0")
        await first.close()
        liar.lie = Lie.KEY
        tab = await human_pages.visit(browser, url)
        assert await _says(tab, "wrong-key")


async def test_an_alias_that_is_the_keys_hash_admits_no_other_key(
    browser: Browser, site: Site
) -> None:
    async with lying_coordinator(site.stack.edge) as liar:
        liar.lie = Lie.KEY
        tab = await human_pages.visit(browser, through(site.address.key_url, liar.port))
        assert await _says(tab, "wrong-key")


@pytest.mark.parametrize(
    ("lie", "code", "advice"),
    [
        (Lie.SILENCE, "unreachable", "another network"),
        (Lie.NO_ANSWER, "box-silent", "tries again"),
        (Lie.NO_WAY, "no-path", "Another network"),
    ],
)
async def test_a_step_that_does_not_end_is_explained_while_it_goes_on(
    browser: Browser, site: Site, lie: Lie, code: str, advice: str
) -> None:
    """The attempt itself has 15 s: the page is there before, and its button begins anew."""
    async with lying_coordinator(site.stack.edge) as liar:
        liar.lie = lie
        tab = await human_pages.visit(browser, through(site.url, liar.port))
        text = await _says(tab, code)
        assert advice in text
        assert "Trying…" in text
        liar.lie = Lie.NONE
        # In one step: the page is drawn anew when the attempt fails, with another button.
        await tab.evaluate("() => document.querySelector('button').click()", within="top")
        await tab.wait_for_text("This is page 0", within="app")
        await tab.close()


async def test_a_network_that_swallows_everything_is_explained_without_further_files(
    browser: Browser, site: Site
) -> None:
    """The page about it is a file of its own, and would come from where nothing comes from."""
    async with lying_coordinator(site.stack.edge) as liar:
        liar.lie = Lie.BLACK_HOLE
        tab = await human_pages.visit(browser, through(site.url, liar.port))
        assert "then reload" in await _says(tab, "unreachable")
        assert any("/assets/late-" in request.path for request in liar.held)
        await tab.close()


async def test_an_app_that_does_not_respond_is_named_before_its_time_is_over(
    browser: Browser, site: Site
) -> None:
    tab = await human_pages.visit(browser, f"{site.url}/hang")
    await tab.wait_for("() => document.body.innerText.includes('The app is slow')", within="top")
    await tab.close()


async def test_a_browser_without_webrtc_reads_so(browser: Browser, site: Site) -> None:
    tab = await human_pages.without_webrtc(browser, site.url)
    assert "WebRTC" in await _says(tab, "no-webrtc")


async def test_a_browser_without_service_workers_reads_so(browser: Browser, site: Site) -> None:
    tab = await human_pages.without_service_worker(browser, site.url)
    assert await _says(tab, "no-service-worker")
