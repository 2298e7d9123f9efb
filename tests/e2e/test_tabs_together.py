"""Tabs of one app beside each other: cookies in step, and a tab that goes while others need it."""

from __future__ import annotations

import asyncio

from tests.e2e.acts.visit import visit
from tests.e2e.conftest import Site
from tests.e2e.stack import Stack
from tests.e2e.upstreams.raw import Request, raw_app, response
from tests.support.browser import Browser, Tab, until

# cookieStore: where the browser has one.
FOLLOW = """() => {
  window.changes = [];
  self.cookieStore?.addEventListener("change", ({ changed, deleted }) => {
    for (const { name, value } of changed) changes.push(`${name}=${value}`);
    for (const { name } of deleted) changes.push(`-${name}`);
  });
}"""
SEEN = """([cookies, changes]) => document.cookie === cookies
  && (!self.cookieStore || changes.every((one) => window.changes.includes(one)))"""
ASK_IN_WORKER = """() => new Promise((done) => {
  document.cookie = "late=1; path=/";
  const text = "onmessage = ({ data }) => fetch(data).then(() => postMessage(0))";
  const worker = new Worker(URL.createObjectURL(new Blob([text])));
  worker.onmessage = done;
  worker.postMessage(new URL("/small/7", location).href);
})"""
# In a worker that two tabs share, which the first of them has made: its requests go by that tab.
SHARED = """
let ended = "";
const read = async () => {
  const reader = (await fetch("/endless")).body.getReader();
  for (;;) if ((await reader.read()).done) return;
};
onconnect = ({ ports: [port] }) => {
  port.onmessage = async ({ data }) => {
    if (data === "begin") read().then(() => { ended = "whole"; }, ({ name }) => { ended = name; });
    if (data === "ended") port.postMessage(ended);
    if (data === "again") port.postMessage((await (await fetch("/small/7")).json()).number);
  };
};"""
ASK_WORKER = """(command) => new Promise((done) => {
  window.shared ??= new SharedWorker("/shared.js").port;
  shared.onmessage = ({ data }) => done(data);
  shared.postMessage(command);
  if (command === "begin") done();
})"""


async def _tab(browser: Browser, site: Site, number: int) -> Tab:
    return (await visit(browser, f"{site.url}/page/{number}", f"This is page {number}")).tab


async def test_cookies_are_in_step_in_all_tabs_and_workers(browser: Browser, site: Site) -> None:
    one, two = await _tab(browser, site, 1), await _tab(browser, site, 2)
    for tab in (one, two):
        await tab.evaluate(FOLLOW)
    await one.evaluate("() => { document.cookie = 'a=1; path=/'; }")
    await two.wait_for(SEEN, ["a=1", ["a=1"]])
    for cookie in ("a=2", "b=1"):
        await two.evaluate("(cookie) => { document.cookie = `${cookie}; path=/`; }", cookie)
    await one.wait_for(SEEN, ["a=2; b=1", ["a=1", "a=2", "b=1"]])
    await one.evaluate("() => { document.cookie = 'a=; path=/; max-age=0'; }")
    await two.wait_for(SEEN, ["b=1", ["a=1", "a=2", "b=1", "-a"]])
    await two.evaluate(ASK_IN_WORKER)
    assert site.asked_for("/small/7")[-1].fields["cookie"] == "b=1; late=1"


async def test_a_tab_that_goes_ends_its_responses_and_no_others(
    browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    async def endless(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"tick")
            await writer.drain()
            await asyncio.sleep(0.05)

    async with raw_app() as app:
        app.responses["/shared.js"] = response(SHARED, "text/javascript")
        app.responses["/small/7"] = response('{"number": 7}', "application/json")
        app.responses["/endless"] = endless
        url = (await shared_stack.expose(fresh_name, app.upstream)).url
        one = (await visit(browser, url, "A raw page")).tab
        await one.evaluate(ASK_WORKER, "begin")
        await until(lambda: "/endless" in app.open, timeout_s=15, what="the app is asked")
        two = (await visit(browser, url, "A raw page")).tab
        assert await two.evaluate(ASK_WORKER, "ended") == ""
        await one.close()
        # Never as if it were whole.
        assert await two.wait_for(ASK_WORKER, "ended") == "TypeError"
        assert await two.evaluate(ASK_WORKER, "again") == 7
        await until(lambda: "/endless" not in app.open, timeout_s=15, what="the app notices")
        await shared_stack.unexpose(fresh_name)
