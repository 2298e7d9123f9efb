"""By how much browser and agent grow while an app is used: measured, and bounded if a row asks."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path

from tests.e2e.stack import Stack
from tests.e2e.table.entry import Entry
from tests.support.browser import Browser

SAMPLE_S = 1.0


@contextlib.asynccontextmanager
async def weighed(
    entry: Entry, browser: Browser, running: Stack
) -> AsyncIterator[Callable[[], str]]:
    """Gives a text about the growth, afterwards. Raises AssertionError above the bound."""
    if entry.growth_mib is None:
        yield str
        return
    known = {"browser": browser.processes, "agent": lambda: [running.agent_pid]}
    first = {name: _proportional_mib(pids()) for name, pids in known.items()}
    most = dict(first)

    async def sample() -> None:
        while True:
            await asyncio.sleep(SAMPLE_S)
            for name, pids in known.items():
                most[name] = max(most[name], _proportional_mib(pids()))

    def grown() -> str:
        growth = {name: most[name] - first[name] for name in known}
        text = ", ".join(f"{name} +{by:.0f} MiB" for name, by in growth.items())
        assert max(growth.values()) < (entry.growth_mib or 0), text
        return f"; {text} at most"

    task = asyncio.create_task(sample())
    try:
        yield grown
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _proportional_mib(pids: Iterable[int]) -> float:
    """Pss of proc(5): what processes share is counted once."""
    total_kib = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            rolled = Path(f"/proc/{pid}/smaps_rollup").read_text()
            found = re.search(r"^Pss:\s+(\d+)", rolled, re.MULTILINE)
            total_kib += int(found[1]) if found else 0
    return total_kib / 1024
