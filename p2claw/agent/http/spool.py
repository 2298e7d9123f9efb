"""Keeps a request body until its length is known: first in memory, then in an unnamed file.

Many small servers read only bodies with a Content-Length, and browsers stream uploads without one.
"""

from __future__ import annotations

import asyncio
import errno
import os
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from p2claw.agent.request_faults import BodyTooLargeFault, BoxBusyFault
from p2claw.config import SpoolLimits
from p2claw.fair_shares import FairShares
from p2claw.private_file import make_private_directory
from p2claw.units import KIB

# How much is read from the file at once. A thread does each read.
READ_BYTES = 256 * KIB

_DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


# Where a thread can be less urgent than the others of its process, which is so on Linux alone.
_NICE = 10


class SpoolSpace:
    """The room for all spools of a box together, in its home directory; each visitor has a share.

    /tmp is not used, because it may be memory.
    """

    def __init__(self, directory: Path, limits: SpoolLimits) -> None:
        self.limits = limits
        # One for all spools. Several that write at once take most of the core of this process from
        # everybody whose request has no spool. It starts with the first job.
        self.thread = ThreadPoolExecutor(1, "spool", initializer=_step_back)
        self._shares = FairShares(limits.total_bytes)
        self._directory = directory

    @property
    def used_bytes(self) -> int:
        """How much all spools hold."""
        return self._shares.in_use

    def spool(self, visitor: object, network: str) -> Spool:
        """An empty one, whose bytes are of the share of this visitor."""
        return Spool(self, visitor, network)

    def reserve(self, size_bytes: int, visitor: object, network: str) -> None:
        """Count bytes as used. Raises BoxBusyFault if so many are not free for this visitor."""
        if self._shares.in_use + size_bytes > self._shares.total:
            raise BoxBusyFault("The space for request bodies is used up")
        if not self._shares.may(visitor, network, size_bytes):
            raise BoxBusyFault("This visitor has its share of the space for request bodies")
        self._shares.hold(visitor, network, size_bytes)

    def release(self, size_bytes: int, visitor: object, network: str) -> None:
        """They are free again."""
        self._shares.release(visitor, network, size_bytes)

    def open_file(self) -> BinaryIO:
        """Blocks. Raises OSError."""
        make_private_directory(self._directory)
        return tempfile.TemporaryFile(dir=self._directory, buffering=0)


class Spool:
    """One body: `write` all of it, then `rewind` and `read` it. Used in `async with`.

    length: bytes written.
    """

    def __init__(self, space: SpoolSpace, visitor: object, network: str) -> None:
        self.length = 0
        self._space = space
        self._holder = visitor, network
        self._memory: deque[bytes] = deque()
        self._memory_bytes = 0
        self._file: BinaryIO | None = None
        self._unread_bytes = 0
        self._job: asyncio.Future[Any] | None = None

    async def __aenter__(self) -> Spool:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._memory.clear()
        if self._job is not None:
            # A thread that still writes must not find another file under this number.
            await asyncio.wait({self._job})
            if not self._job.cancelled():
                self._job.exception()
        if self._file is not None:
            self._file.close()
        self._space.release(self.length, *self._holder)

    @property
    def on_disk(self) -> bool:
        """Whether the body has outgrown the memory that it may use."""
        return self._file is not None

    async def write(self, data: bytes) -> None:
        """Keep data. Raises BodyTooLargeFault, BoxBusyFault."""
        limits = self._space.limits
        if self.length + len(data) > limits.request_bytes:
            raise BodyTooLargeFault(f"A request body is larger than {limits.request_bytes} bytes")
        self._space.reserve(len(data), *self._holder)
        self.length += len(data)
        self._memory.append(data)
        self._memory_bytes += len(data)
        if self._memory_bytes > limits.memory_bytes:
            await self._flush()

    async def rewind(self) -> None:
        """All has been written: `read` begins at the start. Raises BoxBusyFault."""
        if self._file is not None:
            await self._flush()
            await self._in_thread(self._file.seek, 0)
            self._unread_bytes = self.length

    async def read(self) -> bytes:
        """The next piece, b"" at the end. Raises BoxBusyFault."""
        if self._file is None:
            return self._memory.popleft() if self._memory else b""
        if not self._unread_bytes:
            return b""
        piece: bytes = await self._in_thread(self._file.read, READ_BYTES)
        if not piece:
            raise BoxBusyFault("A request body on the disk is shorter than it was")
        self._unread_bytes -= len(piece)
        return piece

    async def _flush(self) -> None:
        data, self._memory_bytes = b"".join(self._memory), 0
        self._memory.clear()
        await self._in_thread(self._store, data)

    def _store(self, data: bytes) -> None:
        if self._file is None:
            self._file = self._space.open_file()
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) :]

    async def _in_thread(self, call: Callable[..., Any], *arguments: object) -> Any:
        loop = asyncio.get_running_loop()
        self._job = loop.run_in_executor(self._space.thread, call, *arguments)
        try:
            return await asyncio.shield(self._job)
        except OSError as error:
            what = "has no room" if error.errno in _DISK_FULL else f"fails ({error})"
            raise BoxBusyFault(f"The disk {what}: a request body cannot be kept") from None


def _step_back() -> None:
    """Let the loop's thread go first: it serves all visitors."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
