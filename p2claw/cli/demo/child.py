"""One process of the demo: started on a tether, its log kept in a file, ended by its pid."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from pathlib import Path

from p2claw.errors import P2clawError
from p2claw.grace import within

PRINTED_S = 30.0
END_S = 14.0
LOG_LINES = 12


class ChildError(P2clawError):
    """A child ended, or never became ready. log: the end of what it wrote."""

    def __init__(self, message: str, *, code: str, hint: str, log: str) -> None:
        super().__init__(message, code=code, hint=hint)
        self.log = log


class Child:
    """A running child. `title` is what people read."""

    def __init__(self, title: str, process: Process, log: Path) -> None:
        self.title = title
        self._process = process
        self._log = log
        self._ended = asyncio.create_task(process.wait())

    @classmethod
    async def start(
        cls, title: str, module: str, *argv: str, log: Path, env: Mapping[str, str] | None = None
    ) -> Child:
        """Run `python -m module argv`. Ctrl-C in the terminal does not reach it; `end` ends it."""
        with log.open("wb") as errors:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "p2claw.cli.demo.tether", module, *argv),
                stdin=PIPE,
                stdout=PIPE,
                stderr=errors,
                # The person's own settings are for other servers and boxes.
                env={**os.environ, "P2CLAW_CONFIG": os.devnull, **(env or {})},
                start_new_session=True,
            )
        return cls(title, process, log)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        return self._ended.done()

    async def first_line(self) -> str:
        """Wait until it is ready, which it shows by its first line; returns that line.

        Raises ChildError `child-ended` or `child-silent`.
        """
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(PRINTED_S):
                line = await self._process.stdout.readline()
        except TimeoutError:
            raise self._failed("did not start in time", "child-silent") from None
        if not line:
            await self._ended
            raise self.failure()
        return line.decode().strip()

    async def ended(self) -> None:
        """Wait until it has ended, for whatever reason."""
        await asyncio.shield(self._ended)

    def failure(self) -> ChildError:
        """The error for a child that ended by itself."""
        return self._failed(f"ended by itself with {self._process.returncode}", "child-ended")

    async def end(self) -> None:
        """SIGTERM, then SIGKILL; returns when it is gone."""
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        if not await within(END_S, self.ended()):
            self.kill()
            await self.ended()

    def kill(self) -> None:
        """At once."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    def _failed(self, what: str, code: str) -> ChildError:
        lines: list[str] = []
        if shutil.disk_usage(self._log.parent).free == 0:
            what, code = f"{what}: the disk of {self._log.parent} is full", "disk-full"
        with contextlib.suppress(OSError):
            lines = self._log.read_text(errors="replace").splitlines()[-LOG_LINES:]
        quoted = "\n       ".join(lines)
        hint = f"The end of {self._log}:\n       {quoted}" if lines else f"See {self._log}"
        return ChildError(f"The {self.title} {what}", code=code, hint=hint, log=quoted)
