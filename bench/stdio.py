"""A child process's side of `bench.processes`: JSON lines on its standard streams."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import Iterator
from typing import Any

from p2claw.errors import P2clawError


def emit(value: object) -> None:
    """One line to the parent."""
    print(json.dumps(value), flush=True)


@contextlib.contextmanager
def errors_emitted() -> Iterator[None]:
    """What is expected to fail is a reply: the parent raises it."""
    try:
        yield
    except P2clawError as error:
        emit({"error": f"{error} ({error.code})"})


class Lines:
    """What the parent says."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader

    @classmethod
    async def open(cls) -> Lines:
        reader = asyncio.StreamReader(limit=1 << 20)
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
        )
        return cls(reader)

    async def next(self) -> dict[str, Any]:
        """The next object. Ends this process where the parent is gone."""
        line = await self._reader.readline()
        if not line:
            sys.exit(0)
        command: dict[str, Any] = json.loads(line)
        return command
