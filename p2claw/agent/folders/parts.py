"""A file that a visitor sends, on the disk: while it is not whole, and how it becomes so.

The bytes go into `.p2claw-NETWORK-ID.part` beside where the file will be, which no visitor sees.
When all are on the disk the file gets its name in one step, so nobody ever sees half of it: no
visitor, nor the owner, nor whoever starts the machine again after a power cut.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import threading
from contextlib import suppress
from dataclasses import dataclass

from p2claw.agent.folders.packed_names import Names
from p2claw.agent.folders.tree import DeniedError

# Of file systems without hard links: FAT, and some shares in a network.
_NO_LINKS = frozenset((errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK))
_NO_ROOM = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))
_DENIED = frozenset((errno.EACCES, errno.EPERM, errno.EROFS))


class TakenError(Exception):
    """There is something of that name. is_file: and it is an ordinary file."""

    def __init__(self, *, is_file: bool) -> None:
        super().__init__()
        self.is_file = is_file


class NoRoomError(Exception):
    """The disk is full, or would be."""


class InUseError(Exception):
    """Another request is sending to the same part."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A file that a visitor wants to send. folder: names from the top. name: as it will be kept.

    id: 32 hexadecimal digits that its sender has made up and nobody else knows. modified_s: Unix
    time, or None. replaces: it may stand in for a file of that name.
    """

    folder: Names
    name: str
    id: str
    size_bytes: int
    network: str
    modified_s: float | None = None
    replaces: bool = False


class Part:
    """An open part; belongs to one request, whose threads take turns. folder: where it lies, open
    for as long as this. All methods block on the disk."""

    def __init__(self, folder: int, descriptor: int, file: str) -> None:
        """Owns descriptor from now on. Raises InUseError, OSError."""
        self._folder = folder
        self._descriptor = descriptor
        self._file = file
        self._turn = threading.Lock()
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.received = os.fstat(descriptor).st_size
        except BlockingIOError:
            self.close()
            raise InUseError from None
        except BaseException:
            self.close()
            raise

    def append(self, content: bytes) -> None:
        """Raises NoRoomError, DeniedError, OSError."""
        left = memoryview(content)
        with self._turn:
            try:
                while left:
                    count = os.pwrite(self._descriptor, left, self.received)
                    self.received += count
                    left = left[count:]
            except OSError as error:
                raise understood(error) from None

    def finish(self, wish: Wish) -> None:
        """Give the whole file its name. Raises TakenError, NoRoomError, DeniedError, OSError."""
        if wish.modified_s is not None:
            with suppress(OSError, OverflowError):
                os.utime(self._descriptor, (wish.modified_s, wish.modified_s))
        try:
            os.fsync(self._descriptor)
            if wish.replaces:
                self._move(wish)
            else:
                self._link(wish)
            os.fsync(self._folder)
        except OSError as error:
            raise understood(error) from None

    def remove(self) -> None:
        with suppress(FileNotFoundError):
            os.unlink(self._file, dir_fd=self._folder)

    def close(self) -> None:
        """Once a write that is under way has returned: its number may be another file's then."""
        with self._turn:
            os.close(self._descriptor)

    def _link(self, wish: Wish) -> None:
        """Never over something else, even if that appears at this very moment."""
        try:
            os.link(self._file, wish.name, src_dir_fd=self._folder, dst_dir_fd=self._folder)
        except FileExistsError:
            check_free(self._folder, wish)
            raise TakenError(is_file=False) from None  # it has gone again
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            self._move(wish)  # what another program does between its two steps is not noticed
        else:
            self.remove()

    def _move(self, wish: Wish) -> None:
        check_free(self._folder, wish)
        os.rename(self._file, wish.name, src_dir_fd=self._folder, dst_dir_fd=self._folder)


def check_free(folder: int, wish: Wish) -> None:
    """Raises TakenError if the name is taken and may not be replaced."""
    try:
        facts = os.stat(wish.name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return
    is_file = stat.S_ISREG(facts.st_mode)
    if not (wish.replaces and is_file):
        raise TakenError(is_file=is_file)


def understood(error: OSError) -> Exception:
    """The error of a write as what it means for whoever sends."""
    if error.errno in _NO_ROOM:
        return NoRoomError()
    return DeniedError() if error.errno in _DENIED else error
