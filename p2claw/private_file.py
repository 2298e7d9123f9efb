"""Files that only their owner may read, written completely or not at all."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Of randomness, in the name of a file that is not finished yet.
PART_BYTES = 8


class ExposedFileError(Exception):
    """Somebody else can read or change the file; the text is how."""


def make_private_directory(directory: Path) -> None:
    """Make a directory and its parents, for their owner alone. Those that exist stay as they are.

    Raises OSError.
    """
    if not directory.parent.is_dir():
        make_private_directory(directory.parent)  # `parents=True` would leave it open to others
    directory.mkdir(mode=0o700, exist_ok=True)


def read_private(path: Path, *, most_bytes: int, forbidden_mode: int) -> bytes:
    """The content of a file, cut after most_bytes + 1 bytes.

    forbidden_mode: permission bits that must not be set. Raises OSError, ExposedFileError.
    """
    # Without O_NONBLOCK a named pipe in the place of the file would hang the caller.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        facts = os.fstat(file.fileno())
        if not stat.S_ISREG(facts.st_mode):
            raise ExposedFileError("is not an ordinary file")
        if facts.st_uid not in (os.geteuid(), 0):
            raise ExposedFileError("belongs to another user")
        if facts.st_mode & forbidden_mode:
            mode = stat.S_IMODE(facts.st_mode)
            raise ExposedFileError(f"is open to other users (mode {mode:04o})")
        return file.read(most_bytes + 1)


def write_new(path: Path, content: bytes) -> bool:
    """Write a new file; False if it exists already. If several callers try, one succeeds.

    Raises OSError.
    """
    with _part_of(path, content) as part:
        try:
            # A link, unlike a rename, fails if the name exists.
            os.link(part, path)
        except FileExistsError:
            return False
    sync_directory(path.parent)
    return True


def replace(path: Path, content: bytes) -> None:
    """Replace the file at path. A reader sees either the old content or the new.

    Raises OSError.
    """
    with _part_of(path, content) as part:
        part.replace(path)
    sync_directory(path.parent)


def remove_parts(path: Path) -> None:
    """Remove what processes left that were killed while they wrote to path.

    The caller sees to it that nobody writes to path now. Raises OSError.
    """
    for part in path.parent.glob(f".{path.name}.{'[0-9a-f]' * 2 * PART_BYTES}"):
        part.unlink(missing_ok=True)


def sync_directory(directory: Path) -> None:
    """Put the names of a directory on the disk, as a rename has made them. Raises OSError."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _part_of(path: Path, content: bytes) -> Iterator[Path]:
    """A finished file beside path, on the disk; removed at the end if it is still there."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(PART_BYTES)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(part, flags, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield part
    finally:
        part.unlink(missing_ok=True)
