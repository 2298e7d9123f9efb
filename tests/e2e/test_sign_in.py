"""An app that asks for name and password by HTTP gets them: by a dialog of the shell."""

from __future__ import annotations

import pytest

from tests.e2e.stack import Stack
from tests.e2e.upstreams.canned import canned_site
from tests.e2e.upstreams.guarded import PASSWORD, USER, basic, digest, guarded, md5, sha256
from tests.support.browser import Browser, Tab

REALM = "The (back) room"
BASIC = f'Basic realm="{REALM}", charset="UTF-8"'
DIGEST = f'Digest realm="{REALM}", qop="auth, auth-int", nonce="0a4f", opaque="x"'
WAYS = {
    "basic": (BASIC, basic),
    "md5": (DIGEST, digest(md5, REALM)),
    "sha-256, the stronger of two": (
        f"{BASIC}, {DIGEST}, algorithm=SHA-256",
        digest(sha256, REALM),
    ),
}
OPEN = "() => document.querySelector('dialog')?.open"


async def _type(tab: Tab, password: str) -> None:
    await tab.wait_for(OPEN, within="top")
    await tab.type("dialog input[autocomplete=username]", USER, within="top")
    await tab.type("dialog input[type=password]", password, enter=True, within="top")


@pytest.mark.parametrize("way", WAYS)
async def test_a_person_signs_in_once_for_a_page_and_what_it_loads(
    way: str, browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    challenge, let_in = WAYS[way]
    async with canned_site(shared_stack, fresh_name, guarded(challenge, let_in)) as site:
        tab = await browser.open(f"{site.url}/files/")
        await tab.wait_for(OPEN, within="top")
        assert REALM in await tab.text(within="top")
        await _type(tab, PASSWORD)
        await tab.wait_for_text("Inside the app", timeout_s=10)
        await tab.wait_for("() => document.body.dataset.status === '200'", timeout_s=10)
        await tab.reload()
        await tab.wait_for("() => document.body?.dataset.status === '200'", timeout_s=15)
        assert await tab.evaluate(OPEN, within="top") is None


async def test_basic_goes_along_unasked_below_where_it_was_asked_for(
    browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    async with canned_site(shared_stack, fresh_name, guarded(BASIC, basic)) as site:
        tab = await browser.open(f"{site.url}/files/")
        await _type(tab, PASSWORD)
        await tab.wait_for("() => document.body?.dataset.status === '200'", timeout_s=10)
        assert len(site.app.asked_for("/files/data")) == 1
        assert len(site.app.asked_for("/files/")) == 2


async def test_a_wrong_password_asks_again_and_giving_up_shows_the_apps_page(
    browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    async with canned_site(shared_stack, fresh_name, guarded(BASIC, basic)) as site:
        tab = await browser.open(site.url)
        await _type(tab, "wrong")
        await tab.wait_for_text("were not accepted", within="top", timeout_s=10)
        name = "() => document.querySelector('dialog input').value"
        assert await tab.evaluate(name, within="top") == USER
        await tab.click("dialog button.plain", within="top")
        await tab.wait_for_text("The app refuses", timeout_s=10)


async def test_another_tab_does_not_ask_again(
    browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    async with canned_site(shared_stack, fresh_name, guarded(BASIC, basic)) as site:
        tab = await browser.open(site.url)
        await _type(tab, PASSWORD)
        await tab.wait_for_text("Inside the app", timeout_s=10)
        other = await browser.open(site.url)
        await other.wait_for_text("Inside the app", timeout_s=15)


async def test_other_ways_of_signing_in_are_the_apps_own_affair(
    browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    responses = guarded("Bearer realm=x", lambda _: False)
    async with canned_site(shared_stack, fresh_name, responses) as site:
        tab = await browser.open(site.url)
        await tab.wait_for_text("The app refuses", timeout_s=15)
        assert await tab.evaluate(OPEN, within="top") is None
