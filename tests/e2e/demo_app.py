"""The sample app as a process of its own, as `make demo` runs it."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator
from pathlib import Path

START_TIMEOUT_S = 20
END_TIMEOUT_S = 10


@contextlib.asynccontextmanager
async def demo_app(log: Path) -> AsyncIterator[str]:
    """Run it on a free port; gives its address."""
    with log.open("ab") as errors:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "p2claw.demo_app", "--port", "0"),
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=errors,
        )
    try:
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), START_TIMEOUT_S)
        phrase, _, address = line.decode().strip().rpartition(" ")
        if phrase != "listening on":
            raise RuntimeError(f"the sample app did not start: {line!r} {log.read_text()[-2000:]}")
        yield address
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), END_TIMEOUT_S)
        except TimeoutError:
            process.kill()
            await process.wait()
