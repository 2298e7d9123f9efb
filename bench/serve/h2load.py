"""Visits a proxy over HTTP/2 by h2load, of which Debian's nghttp2-client has version 1.52."""

from __future__ import annotations

import asyncio
import shutil
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path

from bench.serve.cases import Case
from p2claw.errors import P2clawError, UsageError

RUN_S = 120.0


class Connections:
    """What loads the server at a port of loopback. home: where h2load may write."""

    def __init__(self, port: int, home: Path) -> None:
        self._port = port
        self._times = home / "times.tsv"
        found = shutil.which("h2load")
        if found is None:
            raise UsageError(
                "h2load is not installed",
                code="bench-program-missing",
                hint="On Debian: apt-get install nghttp2-client; or --beside without a name",
            )
        self._program = found

    async def load(self, case: Case, requests: int) -> list[float]:
        """Raises P2clawError `bench-child` if a response is not whole, or none."""
        self._times.unlink(missing_ok=True)
        process = await asyncio.create_subprocess_exec(
            *(self._program, "-n", str(requests), "-c", str(case.visitors)),
            *("-m", str(case.parallel), "--log-file", str(self._times)),
            f"https://localhost:{self._port}{case.path}",
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
        )
        try:
            out, err = await asyncio.wait_for(process.communicate(), RUN_S)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode:
            raise P2clawError(f"h2load failed: {err.decode()}", code="bench-child")
        if f"{requests} succeeded" not in out.decode():
            raise P2clawError(f"h2load reports {out.decode()}", code="bench-child")
        return times_of(self._times.read_text())


def times_of(log: str) -> list[float]:
    """Milliseconds of each request of a log: its columns are start, status and microseconds."""
    rows = [line.split("\t") for line in log.splitlines()]
    if any(row[1] != "200" for row in rows):
        raise P2clawError("h2load got a status that is not 200", code="bench-child")
    return [int(row[2]) / 1e3 for row in rows]
