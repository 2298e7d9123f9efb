"""Sinks: where fetch writes a body: standard output, a file, or the JSON that it prints."""

from __future__ import annotations

import asyncio
import hashlib
import sys
from pathlib import Path
from typing import BinaryIO, Protocol

from p2claw.cli.fetch.part import Notes, Part
from p2claw.errors import P2clawError, UsageError
from p2claw.units import MIB

JSON_BODY_BYTES = MIB


class Sink(Protocol):
    """Receives a body in pieces.

    Call `finish` after the last one, or `keep` if it does not come.
    """

    async def write(self, piece: bytes) -> None: ...
    def finish(self) -> None: ...
    def keep(self) -> None: ...


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

    def keep(self) -> None:
        pass


class DeviceOutput:
    """Writes into what is there already and is no file: a device, a pipe."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file: BinaryIO = path.open("wb")
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
        except OSError as error:
            raise self._failed(error) from None

    def keep(self) -> None:
        self._file.close()

    def _failed(self, error: OSError) -> P2clawError:
        return P2clawError(
            f"{self._path} cannot be written: {error.strerror}", code="file-unwritable"
        )


class PartOutput:
    """Writes a part from `notes.front` on, which is its front; at the end it gets its name."""

    def __init__(self, part: Part, notes: Notes) -> None:
        self._part = part
        self._notes = notes
        self._at = notes.front
        part.note(notes)

    async def write(self, piece: bytes) -> None:
        self._part.write(self._at, piece)
        self._at += len(piece)

    def finish(self) -> None:
        self._part.finish()

    def keep(self) -> None:
        self._notes.spans = [(0, self._at)] if self._at else []
        if not self._at:
            self._part.drop()
            return
        self._part.note(self._notes)
        self._part.keep()


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

    def keep(self) -> None:
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

    def keep(self) -> None:
        self._inner.keep()

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


def sha256_of(path: Path) -> str:
    """Of a file that did not come in one go. Blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
