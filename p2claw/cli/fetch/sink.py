"""Sinks: where fetch writes a body: standard output, a file, or the JSON that it prints."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import sys
from pathlib import Path
from typing import BinaryIO, Protocol

from p2claw.errors import P2clawError, UsageError
from p2claw.units import MIB

JSON_BODY_BYTES = MIB


class Sink(Protocol):
    """Receives a body in pieces.

    Call `finish` after the last one, or `discard` if it never comes.
    """

    async def write(self, piece: bytes) -> None: ...
    def finish(self) -> None: ...
    def discard(self) -> None: ...


class StandardOutput:
    """Writes each piece at once, in a thread: a reader that pauses must not pause the link."""

    def __init__(self) -> None:
        self._terminal = sys.stdout.isatty()
        self._first = True

    async def write(self, piece: bytes) -> None:
        if self._first and self._terminal and b"\0" in piece:
            raise UsageError(
                "The body is not text",
                code="binary-output",
                hint="Write it to a file with -o FILE, or to a pipe",
            )
        self._first = False
        await asyncio.to_thread(self._put, piece)

    def _put(self, piece: bytes) -> None:
        sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()

    def finish(self) -> None:
        pass

    def discard(self) -> None:
        pass


class FileOutput:
    """Writes a file that appears under its name when it is complete.

    Devices and pipes are written directly.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._direct = path.exists() and not path.is_file()
        self._partial = path if self._direct else path.with_name(f"{path.name}.{os.getpid()}.part")
        try:
            self._file: BinaryIO = self._partial.open("wb")
        except OSError as error:
            raise self._failed(error) from None

    async def write(self, piece: bytes) -> None:
        try:
            self._file.write(piece)
        except OSError as error:
            raise self._failed(error) from None

    def finish(self) -> None:
        try:
            self._file.close()
            if not self._direct:
                self._partial.replace(self._path)
        except OSError as error:
            raise self._failed(error) from None

    def discard(self) -> None:
        with contextlib.suppress(OSError):
            self._file.close()
            if not self._direct:
                self._partial.unlink()

    def _failed(self, error: OSError) -> P2clawError:
        return P2clawError(
            f"{self._path} cannot be written: {error.strerror}", code="file-unwritable"
        )


class JsonBody:
    """Keeps a short body as text for the JSON output."""

    def __init__(self) -> None:
        self._kept = bytearray()
        self._short = True

    async def write(self, piece: bytes) -> None:
        self._short = self._short and len(self._kept) + len(piece) <= JSON_BODY_BYTES
        if self._short:
            self._kept += piece

    def finish(self) -> None:
        pass

    def discard(self) -> None:
        pass

    @property
    def text(self) -> str | None:
        """The body; None if it is long, or not UTF-8."""
        try:
            return self._kept.decode() if self._short else None
        except UnicodeDecodeError:
            return None


class Measured:
    """Counts and hashes what goes on into another sink."""

    def __init__(self, inner: Sink) -> None:
        self._inner = inner
        self._digest = hashlib.sha256()
        self.count = 0

    async def write(self, piece: bytes) -> None:
        self._digest.update(piece)
        self.count += len(piece)
        await self._inner.write(piece)

    def finish(self) -> None:
        self._inner.finish()

    def discard(self) -> None:
        self._inner.discard()

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()
