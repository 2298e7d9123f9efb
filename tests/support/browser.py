"""A real browser under test: Chromium or Firefox, driven by tests/support/browser_driver.mjs.

Every command has a deadline; closing leaves no process of the browser behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import signal
import time
import uuid
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Kind = Literal["chromium", "firefox"]
Within = Literal["top", "app", "inner"]

DRIVER = Path(__file__).with_name("browser_driver.mjs")
LINE_LIMIT = 64 * 2**20  # one reply is one line; a page may hand back a long text
LAUNCH_TIMEOUT_S = 60
COMMAND_TIMEOUT_S = 60
QUIT_TIMEOUT_S = 10
ADOPT_TIMEOUT_S = 10
POLL_S = 0.05
# What every process of one browser carries in its environment, so that none is overlooked.
MARK = "P2CLAW_TEST_BROWSER"


class BrowserError(Exception):
    """The browser or the page refused a command; the text says why."""


@dataclass(slots=True)
class Tab:
    """One tab. `within` is where commands go when they name no place: "app" is the first frame
    below the shell, "top" the tab's own document (for a page that no shell surrounds)."""

    browser: Browser
    name: str
    within: Within = "app"
    console: list[str] = field(default_factory=list)

    async def goto(self, url: str, *, preload: str = "") -> int | None:
        """Navigate and return the status. `preload` is script that runs first in every document."""
        reply = await self._do("goto", url=url, preload=preload)
        status: int | None = reply["status"]
        return status

    async def reload(self, *, hard: bool = False) -> None:
        """hard: past every cache and past the service worker, as with Shift."""
        await self._do("reload", hard=hard)

    async def front(self) -> None:
        """Bring to the front: a hidden tab's timers and videos are slowed down."""
        await self._do("front")

    async def evaluate(
        self, fn: str, *args: Any, within: Within | None = None, timeout_s: float = 30
    ) -> Any:
        """Call the JavaScript function whose text is `fn`; what it returns must be JSON."""
        where = within or self.within
        return await self._do("evaluate", timeout_s, within=where, fn=fn, args=list(args))

    async def wait_for(
        self, fn: str, *args: Any, within: Within | None = None, timeout_s: float = 30
    ) -> Any:
        """Call `fn` again and again until it returns something truthy, and return that.

        A document that is being replaced is no reason to stop. Raises BrowserError with what the
        page looked like when the deadline passed.
        """
        deadline = time.monotonic() + timeout_s
        last: object = None
        while (left := deadline - time.monotonic()) > 0:
            try:
                if last := await self.evaluate(fn, *args, within=within, timeout_s=max(left, 1)):
                    return last
            except BrowserError as error:
                last = error
            await asyncio.sleep(POLL_S)
        raise BrowserError(f"{fn} gave {last!r} for {timeout_s} s; {await self._picture()}")

    async def text(self, *, within: Within | None = None) -> str:
        """What a person reads there."""
        return str(await self.evaluate("() => document.body?.innerText ?? ''", within=within))

    async def wait_for_text(
        self, text: str, *, within: Within | None = None, timeout_s: float = 30
    ) -> str:
        """Wait until a person reads `text` there, in any case; return everything that is read."""
        fn = """text => {
            const seen = document.body?.innerText ?? "";
            return seen.toLowerCase().includes(text.toLowerCase()) ? seen : null;
        }"""
        return str(await self.wait_for(fn, text, within=within, timeout_s=timeout_s))

    async def click(self, selector: str, *, within: Within | None = None) -> None:
        await self._do("click", within=within or self.within, selector=selector)

    async def type(
        self, selector: str, text: str, *, enter: bool = False, within: Within | None = None
    ) -> None:
        """Replace what is in a field by typing, then press Enter if asked to."""
        where = within or self.within
        await self._do("type", within=where, selector=selector, text=text, enter=enter)

    async def upload(self, selector: str, *files: Path, within: Within | None = None) -> None:
        """Choose files in an <input type=file>."""
        names = [str(file) for file in files]
        await self._do("upload", within=within or self.within, selector=selector, files=names)

    async def press(self, *keys: str) -> None:
        """Hold these keys down together, and let them go."""
        await self._do("press", keys=keys)

    async def write(self, text: str) -> None:
        """Type at whatever has the focus."""
        await self._do("write", text=text)

    async def back(self) -> None:
        """The browser's own button."""
        await self._do("back")

    async def forward(self) -> None:
        await self._do("forward")

    async def dialogs(self, *, accept: bool = True) -> list[str]:
        """Respond to dialogs so from now on; return the kinds of those that came until now."""
        return [str(kind) for kind in await self._do("dialogs", accept=accept)]

    async def cdp(self, method: str, **params: Any) -> Any:
        """Chromium only: one command of its DevTools protocol, and what it returns."""
        return await self._do("cdp", method=method, params=params)

    async def pdf(self, path: Path) -> Path:
        """Print the tab, as its menu does."""
        await self._do("pdf", path=str(path))
        return path

    async def screenshot(self, path: Path, *, full_page: bool = False) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        await self._do("screenshot", path=str(path), fullPage=full_page)
        return path

    async def close(self) -> None:
        """Close the tab as a person does."""
        await self._do("close")
        self.browser.tabs.pop(self.name, None)

    async def _picture(self) -> str:
        seen = {}
        for where in ("top", "app"):
            with contextlib.suppress(BrowserError, TimeoutError):
                seen[where] = (await self.text(within=where))[:600]
        return f"seen: {seen!r}; console: {self.console[-10:]!r}"

    async def _do(self, command: str, timeout_s: float = COMMAND_TIMEOUT_S, **given: Any) -> Any:
        return await self.browser.command(command, timeout_s, tab=self.name, **given)


class Browser:
    """One browser process with a profile of its own. Made by `launch`, ended by `close`."""

    def __init__(self, kind: Kind, driver: Process, folder: Path, mark: str) -> None:
        self.kind = kind
        self.version = ""
        self.folder = folder
        self.downloads = folder / "downloads"
        self.tabs: dict[str, Tab] = {}
        self._driver = driver
        self._mark = mark
        self._browser_pid = 0
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def launch(
        cls,
        kind: Kind,
        folder: Path,
        *,
        flags: tuple[str, ...] = (),
        prefs: Mapping[str, bool | int | str] | None = None,
        trusting: bool = False,
        reports: bool = True,
    ) -> Browser:
        """Start with the profile below `folder`, which also takes downloads and the log.

        flags: further arguments of Chromium's command line. prefs: of Firefox. trusting: it takes
        a certificate that nobody vouches for. reports: it reports to the driver every request and
        every piece of a response, which costs it time; without them a status is None.
        """
        for part in ("profile", "downloads"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        mark = uuid.uuid4().hex
        with (folder / "driver.log").open("ab") as log:
            driver = await asyncio.create_subprocess_exec(
                *("node", str(DRIVER)),
                env={**os.environ, MARK: mark, "HOME": str(folder)},
                stdin=PIPE,
                stdout=PIPE,
                stderr=log,
                start_new_session=True,
                limit=LINE_LIMIT,
            )
        browser = cls(kind, driver, folder, mark)
        try:
            started = await browser.command(
                "launch",
                LAUNCH_TIMEOUT_S,
                kind=kind,
                profile=str(folder / "profile"),
                downloads=str(browser.downloads),
                flags=flags,
                prefs=dict(prefs or {}),
                trusting=trusting,
                reports=reports,
            )
        except BaseException:
            await browser.close()
            raise
        browser._browser_pid, browser.version = started["pid"], started["version"]
        return browser

    async def open(self, url: str, *, preload: str = "", within: Within = "app") -> Tab:
        """Open `url` in a new tab in front."""
        tab = Tab(self, f"t{next(self._ids)}", within)
        self.tabs[tab.name] = tab
        await self.command("open", tab=tab.name)
        await tab.front()
        await tab.goto(url, preload=preload)
        return tab

    async def adopt(self, *, within: Within = "app") -> Tab:
        """The newest tab that a page opened by itself, once there is one. Raises BrowserError."""
        tab = Tab(self, f"t{next(self._ids)}", within)
        deadline = time.monotonic() + ADOPT_TIMEOUT_S
        while True:
            try:
                await self.command("adopt", tab=tab.name)
            except BrowserError:
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(POLL_S)
            else:
                self.tabs[tab.name] = tab
                return tab

    async def close_tabs(self) -> None:
        for tab in list(self.tabs.values()):
            await tab.close()
        await self.command("sweep")

    async def forget_cookies(self) -> None:
        """Delete every cookie that the browser itself keeps (an app's are kept by its worker)."""
        await self.command("forget")

    async def command(self, name: str, timeout_s: float = COMMAND_TIMEOUT_S, **given: Any) -> Any:
        """Send one command to the driver and wait for its reply. Raises BrowserError."""
        assert self._driver.stdin is not None
        number = next(self._ids)
        reply = self._waiting[number] = asyncio.get_running_loop().create_future()
        line = json.dumps({"id": number, "do": name, **given})
        self._driver.stdin.write(line.encode() + b"\n")
        try:
            return await asyncio.wait_for(reply, timeout_s)
        except TimeoutError:
            raise BrowserError(f"no reply to {name} within {timeout_s} s") from None
        finally:
            self._waiting.pop(number, None)

    async def close(self) -> None:
        """End the browser and its driver, and every process that they started."""
        with contextlib.suppress(BrowserError, ConnectionError):
            await self.command("quit", QUIT_TIMEOUT_S)
        for group in (self._browser_pid, self._driver.pid):
            with contextlib.suppress(ProcessLookupError):
                if group:
                    os.killpg(group, signal.SIGKILL)
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        await self._driver.wait()
        await self._reader

    def processes(self) -> list[int]:
        """The pids of everything that belongs to this browser and still runs."""
        marks = f"{MARK}={self._mark}".encode(), str(self.folder / "profile").encode()
        return [pid for pid in _pids() if any(mark in _identity(pid) for mark in marks)]

    async def _read(self) -> None:
        assert self._driver.stdout is not None
        while line := await self._driver.stdout.readline():
            self._take(json.loads(line))
        for reply in self._waiting.values():
            if not reply.done():
                reply.set_exception(BrowserError("the driver ended; see driver.log"))

    def _take(self, message: dict[str, Any]) -> None:
        if "event" in message:
            if tab := self.tabs.get(message["tab"]):
                tab.console.append(f"{message.get('level', message['event'])}: {message['text']}")
            return
        reply = self._waiting.get(message["id"])
        if reply is None or reply.done():
            return
        if "error" in message:
            reply.set_exception(BrowserError(message["error"]))
        else:
            reply.set_result(message["ok"])


async def until(condition: Callable[[], bool], *, timeout_s: float, what: str) -> float:
    """Wait until `condition()` holds and return how long that took, in seconds."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > timeout_s:
            raise AssertionError(f"{what} did not come true within {timeout_s} s")
        await asyncio.sleep(POLL_S)
    return time.monotonic() - began


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _identity(pid: int) -> bytes:
    """Environment and command line; Chromium's children overwrite the one, Firefox's have both."""
    found = b""
    for part in ("environ", "cmdline"):
        with contextlib.suppress(OSError):
            found += Path(f"/proc/{pid}/{part}").read_bytes()
    return found
