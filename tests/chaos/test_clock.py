"""The clock of a process can be set while it runs, and its waits are not touched by it."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from asyncio.subprocess import PIPE
from pathlib import Path

from tests.chaos.clock import Clock, built

SHOWS = """
import ssl, sys, time
for _ in sys.stdin:
    began = time.monotonic()
    time.sleep(0.01)
    print(time.time(), time.monotonic() - began, flush=True)
"""


async def test_a_clock_steps_at_once_and_waits_do_not(tmp_path: Path) -> None:
    clock = Clock(tmp_path / "clock", built(tmp_path))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SHOWS),
        stdin=PIPE,
        stdout=PIPE,
        env={**os.environ, **clock.environment()},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    for step_s in (0, 3_600, -3_600, 0):
        clock.step(step_s)
        process.stdin.write(b"\n")
        shown_s, waited_s = map(float, (await process.stdout.readline()).split())
        assert abs(shown_s - time.time() - step_s) < 600
        assert 0.01 <= waited_s < 600
    process.stdin.close()
    assert await process.wait() == 0
