"""Visits of a box with two workers, which share one UDP port."""

from __future__ import annotations

import re

from tests.e2e.acts.visit import visit
from tests.e2e.probe_app import Probe
from tests.e2e.stack import Stack
from tests.e2e.test_dial import links, public
from tests.support.browser import Browser


async def test_each_of_two_visits_at_once_has_another_worker(
    browser: Browser, own_stack: Stack, probe: Probe, fresh_name: str
) -> None:
    await own_stack.end("agent")
    await own_stack.start_agent("--workers", "2")
    box = await own_stack.expose(fresh_name, probe.upstream)
    tabs = [(await visit(browser, box.url, "This is page 0")).tab for _ in range(2)]
    opened = re.findall(r"link open .* worker=(\d)", own_stack.agent_log.read_text())
    assert {*opened} == {"0", "1"}
    for tab in tabs:
        await tab.close()


async def test_workers_at_one_port_are_dialled(
    browser: Browser, own_stack: Stack, probe: Probe, fresh_name: str
) -> None:
    await public(own_stack, "--workers", "2")
    box = await own_stack.expose(fresh_name, probe.upstream)
    for visits in (1, 2):
        tab = (await visit(browser, box.url, "This is page 0")).tab
        assert links(own_stack, "dialled") == visits
        await tab.close()
