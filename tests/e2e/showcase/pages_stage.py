"""Every page that a visitor sees when there is no app to see, photographed."""

from __future__ import annotations

from collections.abc import Awaitable
from pathlib import Path

from tests.e2e.acts import human_pages
from tests.e2e.lying_coordinator import Lie, lying_coordinator
from tests.e2e.probe_app import Probe
from tests.e2e.showcase.facts import Facts
from tests.e2e.stack import Stack
from tests.support.browser import Browser, Tab

# A page of ours settles within this time; each says "problem" with a code in its document.
SETTLED = "() => document.documentElement.dataset.problem"


async def pages_stage(
    facts: Facts, browser: Browser, stack: Stack, probe: Probe, folder: Path
) -> None:
    address = await stack.expose("pages", probe.upstream)

    async def show(name: str, arranged: Awaitable[Tab]) -> None:
        async with facts.stage(name):
            tab = await arranged
            code = await tab.wait_for(SETTLED, within="top")
            facts.note(name, holds=True, code=code, text=(await tab.text())[:400])
            await facts.picture(tab, name)
            await tab.close()

    await show("unknown-alias", human_pages.unknown_alias(browser, stack))
    await show("app-not-exposed", human_pages.app_not_exposed(browser, address))
    await show("app-down", human_pages.app_down(browser, stack, "down"))
    await show("no-webrtc", human_pages.without_webrtc(browser, address.url))
    await show("no-service-worker", human_pages.without_service_worker(browser, address.url))
    async with lying_coordinator(stack.edge) as liar:
        liar.lie = Lie.FINGERPRINT
        url = human_pages.through(address.url, liar.port)
        await show("wrong-key", human_pages.visit(browser, url))
        facts.note("fingerprint-was-swapped", holds=liar.changed > 0, times=liar.changed)
    await show("box-offline", human_pages.box_offline(browser, stack, address))
    await stack.start_agent()
