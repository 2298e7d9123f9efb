"""WebSockets of a page under load, and when a page, an app or the Service Worker goes away."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest_asyncio

from tests.e2e.stack import Stack
from tests.e2e.upstreams.sockets import SocketApp, socket_app
from tests.support.browser import Browser, Tab, until

OPEN = """async ([path, type]) => {
  const socket = window.socket = new WebSocket(new URL(path, location.href));
  socket.binaryType = type ?? "arraybuffer";
  window.log = [];
  socket.onmessage = (event) => window.log.push(event.data);
  socket.onclose = (event) => window.log.push(["close", event.code, event.wasClean]);
  await new Promise((resolve) => { socket.onopen = resolve; });
}"""


@dataclass
class Page:
    app: SocketApp
    tab: Tab
    stack: Stack


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser, shared_stack: Stack, fresh_name: str) -> AsyncIterator[Page]:
    async with socket_app() as app:
        url = (await shared_stack.expose(fresh_name, app.upstream)).url
        tab = await browser.open(url)
        await tab.wait_for_text("A page of sockets")
        yield Page(app, tab, shared_stack)
        await shared_stack.unexpose(fresh_name)


async def test_64_mib_go_up_by_arraybuffer_blob_and_text(page: Page) -> None:
    await page.tab.evaluate(OPEN, ["/count"])
    seen = await page.tab.evaluate(
        """async () => {
            const size = 2 ** 26;
            const amounts = [];
            for (const data of [new ArrayBuffer(size), new Blob([new Uint8Array(size)]),
                "a".repeat(size)]) {
              socket.send(data);
              amounts.push(socket.bufferedAmount);
              while (!log.length) await new Promise((resolve) => setTimeout(resolve, 20));
              amounts.push(log.shift());
            }
            while (socket.bufferedAmount) await new Promise((resolve) => setTimeout(resolve, 20));
            return amounts;
        }""",
        timeout_s=100,
    )
    assert seen == [2**26, str(2**26)] * 3


async def test_large_messages_come_down_as_blob_and_buffer(page: Page) -> None:
    for kind, name in (("arraybuffer", "ArrayBuffer"), ("blob", "Blob")):
        await page.tab.evaluate(OPEN, ["/echo", kind])
        assert await page.tab.evaluate(
            """async () => {
                const data = new Uint8Array(5_000_000);
                for (let i = 0; i < data.length; i += 1) data[i] = i * 31 + (i >> 8);
                socket.send(data);
                while (!log.length) await new Promise((resolve) => setTimeout(resolve, 20));
                const [got] = log;
                const back = new Uint8Array(got instanceof Blob ? await got.arrayBuffer() : got);
                return [got.constructor.name, back.every((byte, i) => byte === data[i])];
            }"""
        ) == [name, True]


async def test_64_mib_come_down_as_one_message(page: Page) -> None:
    await page.tab.evaluate(OPEN, ["/whole?mib=64"])
    await page.tab.wait_for("() => log.length === 2", timeout_s=100)
    seen = await page.tab.evaluate(
        """() => {
            const bytes = new Uint8Array(log[0]);
            return [bytes.length, bytes.every((byte, at) => byte === at >> 20), log[1]];
        }"""
    )
    assert seen == [2**26, True, ["close", 1000, True]]


async def test_a_page_that_is_busy_stops_the_app(page: Page) -> None:
    await page.tab.evaluate(OPEN, ["/pour?mib=64"])
    await page.tab.evaluate(
        "() => { const end = Date.now() + 3000; while (Date.now() < end); }", timeout_s=30
    )
    assert page.app.poured < 32 * 2**20
    await page.tab.wait_for("() => log.length === 65 && log.at(-1)[1] === 1000", timeout_s=60)


async def test_an_app_that_does_not_read_shows_in_buffered_amount(page: Page) -> None:
    await page.tab.evaluate(OPEN, ["/slow"])
    await page.tab.evaluate("() => { for (let i = 0; i < 32; i++) socket.send('a'.repeat(2**20)) }")
    await asyncio.sleep(2)
    assert await page.tab.evaluate("() => socket.bufferedAmount") > 8 * 2**20
    page.app.reads.set()
    await page.tab.wait_for("() => socket.bufferedAmount === 0", timeout_s=60)
    await until(lambda: page.app.read == 2**25, timeout_s=30, what="all of it has arrived")


async def test_a_page_that_goes_away_closes_with_1001(page: Page) -> None:
    await page.tab.evaluate(OPEN, ["/echo"])
    await page.tab.evaluate("() => { location.href = '/other'; }")
    await until(lambda: len(page.app.closed) == 1, timeout_s=20, what="the socket is closed")
    assert page.app.closed == [("/echo", 1001, "")]


async def test_a_tab_that_is_closed_ends_its_sockets(page: Page) -> None:
    await page.tab.evaluate(OPEN, ["/echo"])
    await page.tab.close()
    await until(lambda: len(page.app.closed) == 1, timeout_s=20, what="the socket is closed")


async def test_a_frame_that_is_removed_closes_its_sockets(page: Page) -> None:
    await page.tab.evaluate(
        """async () => {
            const frame = document.createElement("iframe");
            frame.src = "/other";
            document.body.append(frame);
            await new Promise((resolve) => { frame.onload = resolve; });
            const socket = new frame.contentWindow.WebSocket(new URL("/echo", location.href));
            await new Promise((resolve) => { socket.onopen = resolve; });
            frame.remove();
        }"""
    )
    await until(lambda: len(page.app.closed) == 1, timeout_s=20, what="the socket is closed")
    assert page.app.closed[0][1] == 1001


async def test_a_socket_outlives_a_box_that_is_silent_for_a_while(
    browser: Browser, own_stack: Stack, fresh_name: str
) -> None:
    async with socket_app() as app:
        url = (await own_stack.expose(fresh_name, app.upstream)).url
        tab = await browser.open(url)
        await tab.wait_for_text("A page of sockets")
        await tab.evaluate(OPEN, ["/echo"])
        await tab.evaluate(
            "() => { let n = 0; window.sending = setInterval(() => socket.send(String(n++)), 50); }"
        )
        await tab.wait_for("() => log.length > 10")
        os.kill(own_stack.agent_pid, signal.SIGSTOP)
        await asyncio.sleep(1.5)
        os.kill(own_stack.agent_pid, signal.SIGCONT)
        await tab.wait_for("() => log.length > 80")
        assert await tab.evaluate("() => log.every((text, at) => text === String(at))")
        assert len(app.handshakes) == 1
        await tab.close()


async def test_a_link_that_is_lost_closes_with_1006(
    browser: Browser, own_stack: Stack, fresh_name: str
) -> None:
    async with socket_app() as app:
        url = (await own_stack.expose(fresh_name, app.upstream)).url
        tab = await browser.open(url)
        await tab.wait_for_text("A page of sockets")
        await tab.evaluate(OPEN, ["/echo"])
        await own_stack.kill("agent")
        await tab.wait_for("() => log.length === 1", timeout_s=40)
        assert await tab.evaluate("() => log[0]") == ["close", 1006, False]
        await own_stack.start_agent()
        await tab.evaluate(OPEN, ["/echo"], timeout_s=40)
        await tab.close()
