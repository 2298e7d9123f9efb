"""chromium: bare channels into a page of a real Chromium, sent by p2claw, by aiortc and by wrtc."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

from bench.dataplane.interleaved import Contender, interleaved
from bench.dataplane.summary import Compared
from bench.figures import MB, Figures
from bench.pair import SLOWEST_MB_PER_S, WARM_UP_MB, need_wrtc
from bench.path import bench_folder
from bench.peers.single import CHANNEL_ID, LABEL, PROTOCOL
from bench.processes import Child, cpu_s
from bench.report import Report
from p2claw.errors import P2clawError, UsageError
from tests.support.browser import DRIVER, Browser, BrowserError, Tab

CASE = "chromium"
PEERS = ("aiortc", "wrtc")
COMPARES = (
    "CPU of the process that sends on a bare channel, until a page of Chromium has the last byte;"
    " receiver_cpu_s_per_gb is of all processes of the browser"
)
PAGE = Path(__file__).with_name("chromium_page.js")
# Chromium names its addresses by mDNS, which not every sender resolves in the same time.
FLAGS = ("--disable-features=WebRtcHideLocalIpsWithMdns",)


async def run(report: Report, *, runs: int, megabytes: int) -> None:
    need_wrtc()
    senders = ("p2claw", *PEERS)
    async with _chromium() as browser:
        contenders = [
            Contender(name, CASE, partial(page_transfer, browser, name, megabytes))
            for name in senders
        ]
        done = await interleaved(report, CASE, runs, contenders)
    for peer in PEERS:
        Compared(CASE, CASE, peer, COMPARES).summarize_transfers(
            report, done["p2claw"], done[peer], cpu_of="sender"
        )


async def page_transfer(browser: Browser, sender: str, megabytes: int) -> Figures:
    """A bare channel into a page, warmed up before it is measured; both ends are new."""
    async with contextlib.AsyncExitStack() as ends:
        sending = await Child.start("bench.peers.bare_channel", "send", sender)
        ends.push_async_callback(sending.end)
        tab = await browser.open("about:blank", preload=PAGE.read_text(), within="top")
        ends.push_async_callback(tab.close)
        offer = (await sending.receive())["sdp"]
        answer = await tab.evaluate(
            "(...given) => receiver.answer(...given)", offer, LABEL, PROTOCOL, CHANNEL_ID
        )
        sending.send({"sdp": answer})
        await sending.receive()
        await tab.evaluate("() => receiver.opened")
        await _send(browser, sending, tab, WARM_UP_MB)
        return await _send(browser, sending, tab, megabytes)


async def _send(browser: Browser, sending: Child, tab: Tab, megabytes: int) -> Figures:
    before_s = cpu_s(sending.pid), browser_cpu_s(browser)
    await tab.evaluate("(bytes) => receiver.count(bytes)", megabytes * MB)
    sending.send({"do": "send", "bytes": megabytes * MB})
    timeout_s = 30 + megabytes / SLOWEST_MB_PER_S
    mb_per_s = await tab.evaluate("() => receiver.done", timeout_s=timeout_s)
    await sending.receive()
    after_s = cpu_s(sending.pid), browser_cpu_s(browser)
    return Figures.of(megabytes, mb_per_s, before_s, after_s)


def browser_cpu_s(browser: Browser) -> float:
    """Of every process of it that is still there: those of a closed tab end when they like."""
    sum_s = 0.0
    for pid in browser.processes():
        with contextlib.suppress(OSError):
            sum_s += cpu_s(pid)
    return sum_s


@contextlib.asynccontextmanager
async def _chromium() -> AsyncIterator[Browser]:
    """Raises UsageError `chromium-missing` or `driver-missing`, P2clawError `browser-failed`."""
    if shutil.which("chromium") is None:
        raise UsageError(
            "Chromium is not installed", code="chromium-missing", hint="Run `make bench-dataplane`"
        )
    if not (DRIVER.parents[1] / "e2e" / "node_modules" / "puppeteer-core").exists():
        raise UsageError(
            "the driver of the browsers is not installed",
            code="driver-missing",
            hint="Run `make bench-dataplane`, or `npm ci` in tests/e2e",
        )
    with bench_folder() as folder:
        browser = await Browser.launch("chromium", folder, flags=FLAGS)
        try:
            yield browser
        except BrowserError as error:
            raise P2clawError(str(error), code="browser-failed") from error
        finally:
            await browser.close()
