"""Runs the cases in one browser on both sides, and says what came of each."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from aiohttp import ClientSession
from kosoku import FailureError, run_fuzzingserver
from kosoku.cases import CASES

from tests.autobahn.front import front
from tests.e2e.stack import stack
from tests.support.browser import Browser, Kind, Tab

# Directly twice: what a browser does by chance is not judged.
SIDES = ("direct", "again", "through")
# So many sockets of a page at once; browsers open the sockets of one host one after another.
ABREAST = 6
# Of a case; then what is left of the side is given up.
QUIET_S = 120
POLL_S = 0.2
Log = Callable[[str], None]

# Sends back what comes, as the suite asks of a client, and notes what a page sees.
START = """([indices, agent, abreast]) => {
  const seen = self.seen = {};
  const run = (index) => new Promise((resolve) => {
    const url = new URL(`/runCase?case=${index}&agent=${agent}`, location.href);
    const socket = new WebSocket(url.href.replace(/^http/, "ws"));
    socket.binaryType = "arraybuffer";
    const notes = { opened: false, error: false, messages: 0 };
    socket.onopen = () => { notes.opened = true; };
    socket.onerror = () => { notes.error = true; };
    socket.onmessage = ({ data }) => { notes.messages += 1; socket.send(data); };
    socket.onclose = ({ code, reason, wasClean }) => {
      seen[index] = { ...notes, code, reason, wasClean };
      resolve();
    };
  });
  const lane = async () => { while (indices.length) await run(indices.shift()); };
  for (let i = 0; i < abreast; i += 1) void lane();
}"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """messages, end: the suite's verdicts on them. remote: the code of the client's Close, as the
    suite had it. page: what the page saw; None where it saw no end."""

    messages: str
    end: str
    remote: int | None
    page: dict[str, Any] | None


# By id of a case, then by side.
Outcomes = dict[str, dict[str, Outcome]]


async def run(
    kinds: tuple[Kind, ...], include: list[str], exclude: list[str], folder: Path, log: Log
) -> dict[Kind, Outcomes]:
    """include, exclude: ids of cases, with `*`; nothing included is all."""
    folder.mkdir(parents=True, exist_ok=True)
    ids = [id for id in CASES if _matches(id, include or ["*"]) and not _matches(id, exclude)]
    chosen = run_fuzzingserver(include or None, exclude or None, host="127.0.0.1", port=0)
    pages: dict[str, dict[str, Any]] = {}
    async with chosen as server, front(server.port) as port, stack(folder) as running:
        through = (await running.expose("autobahn", f"http://127.0.0.1:{port}")).url
        for kind in kinds:
            browser = await Browser.launch(kind, folder / kind)
            try:
                for side in SIDES:
                    agent = f"{kind}-{side}"
                    if side == "through":
                        tab = await browser.open(through)
                    else:
                        url = f"http://{side}.localhost:{port}/"
                        tab = await browser.open(url, within="top")
                    pages[agent] = await _run_side(tab, ids, agent, log)
            finally:
                await browser.close()
        async with ClientSession() as session:
            await session.ws_connect(f"http://127.0.0.1:{server.port}/updateReports?agent=none")
        try:
            judged = await server.get_result()
        except FailureError as failure:
            judged = failure.results
    verdicts = {(one.agent, one.case_id): one for one in judged}
    return {
        kind: {
            id: {
                side: _outcome(
                    verdicts.get((f"{kind}-{side}", id)), pages[f"{kind}-{side}"].get(id)
                )
                for side in SIDES
            }
            for id in ids
        }
        for kind in kinds
    }


async def _run_side(tab: Tab, ids: list[str], agent: str, log: Log) -> dict[str, Any]:
    """What the page saw, by case. The suite numbers its cases from 1."""
    await tab.wait_for_text("A page of cases")
    await tab.front()
    began = quiet_since = time.monotonic()
    await tab.evaluate(START, [list(range(1, len(ids) + 1)), agent, ABREAST])
    count = 0
    while count < len(ids) and time.monotonic() - quiet_since < QUIET_S:
        await asyncio.sleep(POLL_S)
        now = await tab.evaluate("() => Object.keys(self.seen).length", timeout_s=QUIET_S)
        if now > count:
            count, quiet_since = now, time.monotonic()
    seen = await tab.evaluate("() => self.seen")
    log(f"{agent}: {len(seen)} of {len(ids)} cases in {time.monotonic() - began:.0f} s")
    return {ids[int(index) - 1]: notes for index, notes in seen.items()}


def _outcome(judged: Any, page: dict[str, Any] | None) -> Outcome:
    if judged is None:
        return Outcome("none", "none", None, page)
    return Outcome(
        judged.behavior.value, judged.behavior_close.value, judged.remote_close_code, page
    )


def _matches(id: str, patterns: list[str]) -> bool:
    return any(fnmatchcase(id, pattern) for pattern in patterns)
