"""Visits of a box that says where it is: no offer, no answer."""

from __future__ import annotations

import re

import pytest_asyncio

from p2claw.link.ice.host_addresses import host_addresses
from tests.e2e.acts.visit import visit
from tests.e2e.probe_app import Probe
from tests.e2e.stack import AppUrl, Stack
from tests.support.browser import Browser

HERE = host_addresses()[0].host
# States that only an offer leads to.
ASKED = """() => performance.getEntriesByType("mark")
    .filter(({ name }) => name === "p2claw-asking").length"""
# An address of the documentation prefixes: routed like any other, and nobody is there.
NOBODY = "203.0.113.9"
# What was dialled and led to nobody, as it is kept for the next visit.
AVOIDED = """() => new Promise((resolve, reject) => {
    const asked = indexedDB.open("p2claw");
    asked.onerror = reject;
    asked.onsuccess = () => {
        const store = asked.result.transaction("pins").objectStore("pins");
        store.get(" ice").onsuccess = ({ target }) => resolve(target.result?.dead ?? null);
    };
})"""
# Another address in what the browser has kept for the next visit.
FORGE = """() => new Promise((resolve, reject) => {
    const asked = indexedDB.open("p2claw");
    asked.onerror = reject;
    asked.onsuccess = () => {
        const store = asked.result.transaction("pins", "readwrite").objectStore("pins");
        const read = store.get(" ice");
        read.onsuccess = () => {
            const kept = read.result;
            const at = kept.dial.length - 4;
            const other = kept.dial[at] === "A" ? "B" : "A";
            kept.dial = kept.dial.slice(0, at) + other + kept.dial.slice(at + 1);
            store.put(kept, " ice").onsuccess = () => resolve(true);
        };
    };
})"""

# Another box's key where that of the first visit was pinned.
OTHER_PIN = """() => new Promise((resolve, reject) => {
    const asked = indexedDB.open("p2claw");
    asked.onerror = reject;
    asked.onsuccess = () => {
        const transaction = asked.result.transaction("pins", "readwrite");
        const store = transaction.objectStore("pins");
        store.getAllKeys().onsuccess = ({ target }) => {
            for (const name of target.result) if (name !== " ice") store.put("a".repeat(52), name);
        };
        transaction.oncomplete = () => resolve(true);
    };
})"""


async def public(stack: Stack, *options: str) -> None:
    await stack.end("agent")
    await stack.start_agent("--public-address", HERE, *options)


def links(stack: Stack, how: str) -> int:
    return len(re.findall(f"link {how} ", stack.agent_log.read_text()))


@pytest_asyncio.fixture(loop_scope="session")
async def box(own_stack: Stack, probe: Probe, fresh_name: str) -> AppUrl:
    await public(own_stack)
    return await own_stack.expose(fresh_name, probe.upstream)


async def test_the_first_visit_dials_and_so_does_the_next(
    browser: Browser, own_stack: Stack, box: AppUrl
) -> None:
    for visits in (1, 2):
        tab = (await visit(browser, box.url, "This is page 0")).tab
        # On a slow machine an offer may have followed, but the dial is ahead of it.
        assert links(own_stack, "dialled") == visits
        await tab.close()


async def test_a_dial_that_leads_nowhere_is_followed_by_an_offer(
    browser: Browser, own_stack: Stack, box: AppUrl
) -> None:
    tab = (await visit(browser, box.url, "This is page 0")).tab
    await tab.close()
    # What the browser has kept is of keys that are gone, and the page comes from it.
    await own_stack.kill("agent")
    await own_stack.start_agent()
    tab = (await visit(browser, box.url, "This is page 0")).tab
    assert await tab.evaluate(ASKED, within="top") == 1
    await tab.close()


async def test_a_box_where_nobody_was_is_not_dialled_again_at_the_next_visit(
    browser: Browser, own_stack: Stack, probe: Probe, fresh_name: str
) -> None:
    await own_stack.end("agent")
    await own_stack.start_agent("--public-address", NOBODY)
    box = await own_stack.expose(fresh_name, probe.upstream)
    avoided = []
    for _ in range(2):
        tab = (await visit(browser, box.url, "This is page 0")).tab
        avoided.append(await tab.wait_for(AVOIDED, within="top"))
        await tab.close()
    (where, until_ms, _), (again, still_ms, _) = avoided
    assert where == again and where.startswith(f"{NOBODY},")
    # A second dial would have led to nobody once more, and later.
    assert until_ms == still_ms


async def test_a_descriptor_that_the_box_has_not_signed_is_a_wrong_key(
    browser: Browser, own_stack: Stack, box: AppUrl
) -> None:
    tab = (await visit(browser, box.url, "This is page 0")).tab
    await tab.evaluate(FORGE, within="top")
    await tab.close()
    tab = await browser.open(box.url)
    await tab.wait_for_text("key", within="top")
    assert await tab.evaluate("() => document.documentElement.dataset.problem", within="top") == (
        "wrong-key"
    )
    assert links(own_stack, "dialled") == 1
    await tab.close()


async def test_a_box_that_is_not_the_one_of_the_first_visit_gets_nothing(
    browser: Browser, own_stack: Stack, box: AppUrl
) -> None:
    tab = (await visit(browser, box.url, "This is page 0")).tab
    await tab.evaluate(OTHER_PIN, within="top")
    await tab.close()
    before = own_stack.agent_log.read_text()
    tab = await browser.open(box.url)
    await tab.wait_for_text("key", within="top")
    assert await tab.evaluate("() => document.documentElement.dataset.problem", within="top") == (
        "wrong-key"
    )
    # While the pin was read a way to the box was found, at most: nothing is sent on it.
    assert "link dialled " not in own_stack.agent_log.read_text()[len(before) :]
    await tab.close()
