"""A box changes its key: its visitors come back without a word about keys, unless one is forged."""

from __future__ import annotations

from tests.e2e.acts import human_pages
from tests.e2e.acts.human_pages import through
from tests.e2e.lying_coordinator import Lie, lying_coordinator
from tests.e2e.probe_app import Probe
from tests.e2e.stack import Stack
from tests.e2e.test_dial import HERE
from tests.support.browser import Browser, Tab

PROBLEM = "code => document.documentElement.dataset.problem === code"
KEEP = "() => localStorage.setItem('kept', 'of before')"
KEPT = "() => localStorage.getItem('kept')"
# The pins of this host, whoever their box is.
PINS = """() => new Promise((resolve, reject) => {
    const asked = indexedDB.open("p2claw");
    asked.onerror = reject;
    asked.onsuccess = () => {
        const store = asked.result.transaction("pins").objectStore("pins");
        store.getAll().onsuccess = ({ target }) =>
            resolve(target.result.filter((one) => typeof one === "string"));
    };
})"""


async def rotate(stack: Stack) -> str:
    """The new key."""
    facts = await stack.ask("POST", "/v1/identity/rotate")
    assert facts["online"]
    await stack.ask("POST", "/v1/reload")  # returns once the apps are known again
    return str(facts["peer_id"])


async def seen(browser: Browser, url: str) -> Tab:
    tab = await browser.open(url)
    await tab.wait_for_text("This is page 0", within="app")
    return tab


async def pins(tab: Tab) -> list[str]:
    return list(await tab.evaluate(PINS, within="top"))


async def test_who_was_here_before_follows_to_the_new_key_and_keeps_what_the_app_stored(
    browser: Browser, own_stack: Stack, probe: Probe, fresh_name: str
) -> None:
    address = await own_stack.expose(fresh_name, probe.upstream)
    first = await seen(browser, address.url)
    await first.evaluate(KEEP, within="app")
    (old,) = await pins(first)
    await first.close()
    keys = [old]
    for _ in range(2):
        keys.insert(0, await rotate(own_stack))
        tab = await seen(browser, address.url)
        assert await tab.evaluate(KEPT, within="app") == "of before"
        assert await pins(tab) == [" ".join(keys)]
        await tab.close()


async def test_names_and_links_of_the_old_key_lead_to_the_new_one(
    browser: Browser, own_stack: Stack, probe: Probe, fresh_name: str
) -> None:
    address = await own_stack.expose(fresh_name, probe.upstream)
    first = await seen(browser, address.key_url)
    (old,) = await pins(first)
    await first.close()
    await rotate(own_stack)
    for url in (address.key_url, f"{address.url}#k={old}"):
        await (await seen(browser, url)).close()


async def test_a_box_that_was_dialled_is_asked_for_once_its_key_is_another(
    browser: Browser, own_stack: Stack, probe: Probe, fresh_name: str
) -> None:
    await own_stack.end("agent")
    await own_stack.start_agent("--public-address", HERE)
    address = await own_stack.expose(fresh_name, probe.upstream)
    for _ in range(2):
        await (await seen(browser, address.url)).close()
    new = await rotate(own_stack)
    for _ in range(2):
        tab = await seen(browser, address.url)
        (pin,) = await pins(tab)
        assert pin.split(" ")[0] in (new, pin.split(" ")[-1])
        await tab.close()


async def test_a_successor_that_the_old_key_has_not_named_is_a_wrong_key(
    browser: Browser, own_stack: Stack, probe: Probe, fresh_name: str
) -> None:
    address = await own_stack.expose(fresh_name, probe.upstream)
    async with lying_coordinator(own_stack.edge) as liar:
        url = through(address.url, liar.port)
        await (await seen(browser, url)).close()
        await rotate(own_stack)
        liar.lie = Lie.SUCCESSOR
        tab = await human_pages.visit(browser, url)
        await tab.wait_for(PROBLEM, "wrong-key", within="top")
        assert liar.changed == 1
        await tab.close()
        liar.lie = Lie.NONE
        await (await seen(browser, url)).close()


async def test_a_box_with_the_old_key_is_a_wrong_one_to_who_knows_the_new(
    browser: Browser, own_stack: Stack, probe: Probe, fresh_name: str
) -> None:
    """Whoever copied the old key needs a coordinator that forgets the change."""
    url = (await own_stack.expose(fresh_name, probe.upstream)).key_url
    file = own_stack.folder / "home" / "identity.key"
    copy = file.read_bytes()
    await (await seen(browser, url)).close()
    await rotate(own_stack)
    await (await seen(browser, url)).close()
    await own_stack.end_all()
    file.write_bytes(copy)
    (own_stack.folder / "server").rename(own_stack.folder / "server.honest")
    await own_stack.start_server()
    await own_stack.start_agent()
    assert (await own_stack.expose(fresh_name, probe.upstream)).key_url == url
    tab = await human_pages.visit(browser, url)
    await tab.wait_for(PROBLEM, "wrong-key", within="top")
    await tab.close()
