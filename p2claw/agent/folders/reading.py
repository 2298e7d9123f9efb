"""Reads files in pieces, without ever holding up the event loop.

What the kernel has in memory is read at once; the rest by threads. That spares a cached file the
way to a thread and back for each piece.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

PIECE_BYTES = 256 * 1024

# A disk that sleeps, or a share in the network that hangs, holds threads and nothing else.
THREADS = 8

_AT_ONCE = getattr(os, "RWF_NOWAIT", None)  # Linux

T = TypeVar("T")


class ShortFileError(Exception):
    """The file has become shorter while it was read."""


class Disk:
    """The threads of one process that wait for disks."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="folder")

    async def run(self, work: Callable[[], T]) -> T:
        """Do work in a thread, to its end even if nobody waits any more."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def pieces(self, descriptor: int, span: range) -> AsyncIterator[bytes | bytearray]:
        """The bytes of a span. Raises OSError, ShortFileError."""
        offset = span.start
        while offset < span.stop:
            most = min(PIECE_BYTES, span.stop - offset)
            piece: bytes | bytearray | None = _cached(descriptor, most, offset)
            if piece is None:
                piece = await self.run(lambda: os.pread(descriptor, most, offset))  # noqa: B023
            if not piece:
                raise ShortFileError
            offset += len(piece)
            yield piece

    def begin(self, work: Callable[[], None]) -> None:
        """Have work done in a thread, and do not wait for it."""
        with suppress(RuntimeError):  # the process ends
            self._threads.submit(work)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _cached(descriptor: int, most: int, offset: int) -> bytearray | None:
    """The bytes from offset on that are in the kernel's memory; None if the first is not, or if
    this system cannot find out."""
    if _AT_ONCE is None:
        return None
    buffer = bytearray(most)
    try:
        count = os.preadv(descriptor, (buffer,), offset, _AT_ONCE)
    except OSError:  # EAGAIN: not in memory. EOPNOTSUPP: a file system without this.
        return None
    if not count:
        return None
    del buffer[count:]  # moves nothing
    return buffer
