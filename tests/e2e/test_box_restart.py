"""The box goes away under an open page, and comes back."""

from __future__ import annotations

import pytest

from tests.e2e.acts.visit import visit
from tests.e2e.probe_app import Probe
from tests.e2e.stack import Stack
from tests.support.browser import Browser

RECOVERS_S = 90

# Asks until there is a response, as an app that polls does.
FIRST_RESPONSE = """async () => {
  try {
    return (await (await fetch("/small/7")).json()).number === 7;
  } catch {
    return false;
  }
}"""

# Asks without a pause, several ways at once, until `over`.
ASKING = """() => {
  window.over = false;
  window.unsettled = 0;
  const body = new Uint8Array(50000);
  const asking = async (url, init) => {
    while (!over) {
      unsettled += 1;
      await fetch(url, init).then(response => response.text()).catch(() => undefined);
      unsettled -= 1;
    }
  };
  for (let i = 0; i < 4; i += 1) {
    void asking("/small/7");
    void asking("/upload", { method: "POST", body });
  }
}"""


@pytest.mark.parametrize("how", ["end", "kill"])
async def test_an_open_page_works_again_when_its_box_is_back_and_waits_for_nothing_in_vain(
    browser: Browser, own_stack: Stack, probe: Probe, fresh_name: str, how: str
) -> None:
    address = await own_stack.expose(fresh_name, probe.upstream)
    tab = (await visit(browser, address.url, "This is page 0")).tab
    await tab.evaluate(ASKING)
    await (own_stack.end("agent") if how == "end" else own_stack.kill("agent"))
    await own_stack.start_agent()
    assert await tab.wait_for(FIRST_RESPONSE, timeout_s=RECOVERS_S)
    await tab.evaluate("() => { over = true; }")
    assert await tab.wait_for("() => unsettled === 0 && 'settled'", timeout_s=RECOVERS_S)


async def test_an_event_stream_goes_on_where_it_stopped(
    browser: Browser, own_stack: Stack, probe: Probe, fresh_name: str
) -> None:
    address = await own_stack.expose(fresh_name, probe.upstream)
    tab = (await visit(browser, address.url, "This is page 0")).tab
    await tab.evaluate(
        """() => {
            window.ids = [];
            new EventSource("/events").onmessage = (event) => ids.push(Number(event.lastEventId));
        }"""
    )
    await tab.wait_for("() => ids.length > 3")
    before = await tab.evaluate("() => ids.length")
    await own_stack.end("agent")
    await own_stack.start_agent()
    await tab.wait_for("before => ids.length > before + 10", before, timeout_s=RECOVERS_S)
    ids = await tab.evaluate("() => ids")
    assert ids == list(range(1, len(ids) + 1))
