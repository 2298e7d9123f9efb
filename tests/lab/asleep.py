"""`python -m tests.lab.asleep`: a laptop sleeps while an app is open, and its owner clicks at once.

While the browser's processes stand still, box and NATs go on: the box ends the link and then the
session, the NATs forget it. Printed: from waking to the end of the first response.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast, get_args

from tests.lab.alive import scene_in
from tests.lab.cells import PAGE_TIMEOUT_S, edge_of_its_own
from tests.lab.events import KIND, Scene, visitor_nat
from tests.lab.host import Host
from tests.lab.services import PIECE_BYTES
from tests.support.browser import Browser, Kind

# Above the 15 s after which a box ends a silent link, and the 30 s for which it keeps the session.
SLEEP_S = 60.0
USED_S = 4.0
ALLOWED_S = 1.0
CLICK_TIMEOUT_S = 60

# Does the page get what it asks for? => the milliseconds that it took, or -1.
_CLICK = """async size => {
    const began = performance.now();
    const body = await (await fetch("/" + size)).arrayBuffer();
    return body.byteLength === size ? performance.now() - began : -1;
}"""


@dataclass(frozen=True, slots=True)
class Waking:
    """What came of the first click. listens: an event stream was open meanwhile."""

    by: str
    listens: bool
    slept_s: float
    click_s: float

    @property
    def is_right(self) -> bool:
        return 0 <= self.click_s <= ALLOWED_S


async def asleep(by: str, folder: Path, *, sleep_s: float, listens: bool) -> Waking:
    """One sleep, in a laboratory of its own. by: a browser."""
    async with scene_in(folder, KIND) as scene:
        visitor = scene.visitor
        return await visitor.run(_visit(by, visitor, scene, folder, sleep_s, listens))


async def _visit(
    by: str, host: Host, scene: Scene, folder: Path, sleep_s: float, listens: bool
) -> Waking:
    async with edge_of_its_own(host):
        browser = await Browser.launch(cast(Kind, by), folder / "profile")
        try:
            tab = await browser.open(scene.box_agent.url)
            await tab.wait_for("() => document.title === 'lab'", timeout_s=PAGE_TIMEOUT_S)
            await tab.evaluate(_CLICK, PIECE_BYTES)
            if listens:
                await tab.evaluate("() => { fetch('/numbers/100000').then(r => r.text()); }")
            await asyncio.sleep(USED_S)
            processes = browser.processes()
            _signal(processes, signal.SIGSTOP)
            try:
                await asyncio.sleep(sleep_s)
                await visitor_nat(scene)
            finally:
                _signal(processes, signal.SIGCONT)
            began = time.monotonic()
            took_ms = await tab.evaluate(_CLICK, PIECE_BYTES, timeout_s=CLICK_TIMEOUT_S)
            click_s = -1.0 if took_ms < 0 else round(time.monotonic() - began, 3)
        finally:
            await browser.close()
    return Waking(by, listens, sleep_s, click_s)


def _signal(processes: list[int], number: signal.Signals) -> None:
    for pid in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


async def main(arguments: argparse.Namespace) -> int:
    """Returns how many clicks took too long."""
    wrong = 0
    for by in arguments.by.split(","):
        for listens in (False, True):
            with tempfile.TemporaryDirectory(prefix="p2claw-lab-") as name:
                found = await asleep(by, Path(name), sleep_s=arguments.sleep_s, listens=listens)
            wrong += not found.is_right
            if arguments.json:
                print(json.dumps({**asdict(found), "is_right": found.is_right}), flush=True)
            else:
                what = "with a stream" if listens else "with nothing open"
                sign = "" if found.is_right else "!"
                took = f"{found.click_s:.2f} of {ALLOWED_S:.2f} s"
                print(f"asleep {found.slept_s:.0f} s {what:18} {by:9} {took} {sign}", flush=True)
    return wrong


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.lab.asleep", description=__doc__)
    parser.add_argument("--by", default="chromium,firefox", help=f"of {', '.join(get_args(Kind))}")
    parser.add_argument("--for", dest="sleep_s", type=float, default=SLEEP_S, help="seconds")
    parser.add_argument("--json", action="store_true", help="a line per sleep")
    sys.exit(min(1, asyncio.run(main(parser.parse_args()))))
