"""Child processes of a bench: started, spoken to in JSON lines, measured, ended."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from typing import Any

from p2claw.errors import P2clawError

END_TIMEOUT_S = 15
LINE_BYTES = 1 << 20  # a thousand latencies are one line


class Child:
    """A process that reads commands and writes replies, one JSON value per line."""

    def __init__(self, process: Process, name: str) -> None:
        self._process = process
        self._name = name

    @property
    def pid(self) -> int:
        return self._process.pid

    @classmethod
    async def start(
        cls, *argv: str, env: dict[str, str] | None = None, within: Sequence[str] = ()
    ) -> Child:
        """Start `python -m argv`; standard error is ours, so that faults are seen.

        It is in a session of its own: Ctrl-C reaches the bench alone, which ends it.
        within: a command that runs the rest of its arguments elsewhere, as the same process.
        """
        program = (sys.executable, "-m", *argv)
        return await cls.start_program(*program, name=" ".join(argv[:2]), env=env, within=within)

    @classmethod
    async def start_program(
        cls,
        *argv: str,
        name: str = "",
        env: dict[str, str] | None = None,
        within: Sequence[str] = (),
    ) -> Child:
        """The same for any program."""
        process = await asyncio.create_subprocess_exec(
            *(*within, *argv),
            stdin=PIPE,
            stdout=PIPE,
            env={**os.environ, **(env or {})},
            limit=LINE_BYTES,
            start_new_session=True,
        )
        return cls(process, name or argv[0])

    async def ask(self, command: object, *, timeout_s: float = 30) -> Any:
        self.send(command)
        return await self.receive(timeout_s=timeout_s)

    def send(self, command: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command).encode() + b"\n")

    async def receive(self, *, timeout_s: float = 30) -> Any:
        """Its next line. Raises P2clawError `bench-child` where it ended, failed or is silent."""
        assert self._process.stdout is not None
        try:
            line = await asyncio.wait_for(self._process.stdout.readline(), timeout_s)
        except TimeoutError:
            raise self._fault(f"sent nothing for {timeout_s:g} s") from None
        if not line:
            raise self._fault(f"ended with {await self._process.wait()}")
        reply = json.loads(line)
        if isinstance(reply, dict) and "error" in reply:
            raise self._fault(f"failed: {reply['error']}")
        return reply

    async def end(self) -> None:
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(self._process.wait(), END_TIMEOUT_S)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()

    def _fault(self, what: str) -> P2clawError:
        return P2clawError(f"{self._name} {what}", code="bench-child")


def cpu_s(pid: int) -> float:
    """User plus system seconds of a process, all its threads, to the microsecond.

    /proc/PID/stat has the same sum in steps of 10 ms, an eighth of what 50 MB may cost. The number
    of the clock is clock_getcpuclockid(3)'s: Linux, include/linux/posix-timers_types.h.
    """
    return time.clock_gettime((~pid << 3) | 2)
