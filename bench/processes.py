"""Child processes of a bench: started, spoken to in JSON lines, measured, ended."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from pathlib import Path
from typing import Any

END_TIMEOUT_S = 15
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class Child:
    """A process that reads commands and writes answers, one JSON value a line."""

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

        within: a command that runs the rest of its arguments elsewhere, as the same process.
        """
        program = (sys.executable, "-m", *argv)
        return await cls.start_program(*program, name=argv[0], env=env, within=within)

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
            *within, *argv, stdin=PIPE, stdout=PIPE, env={**os.environ, **(env or {})}
        )
        return cls(process, name or argv[0])

    async def ask(self, command: object, *, timeout_s: float = 30) -> Any:
        self.tell(command)
        return await self.hear(timeout_s=timeout_s)

    def tell(self, command: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command).encode() + b"\n")

    async def hear(self, *, timeout_s: float = 30) -> Any:
        assert self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), timeout_s)
        if not line:
            raise RuntimeError(f"{self._name} ended with {await self._process.wait()}")
        return json.loads(line)

    async def end(self) -> None:
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(self._process.wait(), END_TIMEOUT_S)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()


def cpu_s(pid: int) -> float:
    """User plus system seconds of a process, all its threads (proc(5), stat fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S
