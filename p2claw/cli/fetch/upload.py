"""What fetch sends: text from the command line, or a file that is never read whole."""

from __future__ import annotations

import asyncio
import os
import stat
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import BinaryIO

from p2claw.errors import UsageError

PIECE_BYTES = 128 * 1024


class FileBody:
    """A file, or standard input if the path is `-`, as pieces.

    on_sent: called with the length of each piece that was passed on.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = _open(path)
        self.on_sent: Callable[[int], None] = lambda count: None

    @property
    def length(self) -> int | None:
        """The length in bytes, or None if it is not known in advance."""
        facts = os.fstat(self._file.fileno())
        return facts.st_size if stat.S_ISREG(facts.st_mode) else None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = self.length
        while piece := await asyncio.to_thread(_read, self._file):
            if left is not None:
                piece = piece[:left]  # it has grown meanwhile; its length has been promised
                left -= len(piece)
            if piece:
                yield piece
                self.on_sent(len(piece))
            if left == 0:
                return
        if left:
            raise UsageError(f"{self._path} became shorter while it was sent", code="file-changed")

    def rewind(self) -> bool:
        """Begin anew, for another try; False if that cannot be: of a pipe."""
        try:
            self._file.seek(0)
        except (OSError, ValueError):
            return False
        return True

    def read_all(self) -> bytes:
        """All of it at once, of a small file."""
        return self._file.read()

    def close(self) -> None:
        if self._file is not sys.stdin.buffer:
            self._file.close()


def read_data(text: str) -> bytes:
    """What --data means: the text itself, or the content of the file named behind `@`."""
    if not text.startswith("@"):
        return text.encode()
    with _open(Path(text[1:])) as file:
        return file.read()


def _open(path: Path) -> BinaryIO:
    if str(path) == "-":
        return sys.stdin.buffer
    try:
        return path.open("rb")
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}", code="file-unreadable"
        ) from None


def _read(file: BinaryIO) -> bytes:
    # Not `read`: of a pipe, what is there is sent at once.
    read1 = getattr(file, "read1", file.read)
    return bytes(read1(PIECE_BYTES))
