"""A private file that several processes change, each under one lock.

The caller decides what is in it: routes, coordinators, known boxes. A file that cannot be read is
an error and never an empty one, and a process that is killed leaves the old content or the new.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from p2claw.errors import UsageError
from p2claw.file_lock import FileLock
from p2claw.private_file import (
    ExposedFileError,
    make_private_directory,
    read_private,
    remove_parts,
    replace,
)
from p2claw.system_errors import reason_of, remedy_of

LOCK_WAIT_S = 5.0


@dataclass(frozen=True, slots=True)
class LockedFile:
    """The file at path, with a lock file beside it. All methods block on the disk.

    noun: what it holds, in the plural: texts name it, and codes begin with it, with hyphens.
    most_bytes: a longer file is damaged. mend: what to do with one that is.
    """

    path: Path
    noun: str
    most_bytes: int
    mend: str

    def read(self) -> bytes | None:
        """The content; None if there is no file.

        Raises UsageError `…-exposed` if others may change it, `…-damaged`.
        """
        try:
            content = read_private(self.path, most_bytes=self.most_bytes, forbidden_mode=0o022)
        except FileNotFoundError:
            return None
        except ExposedFileError as error:
            raise UsageError(
                f"The {self.noun} at {self.path} cannot be trusted: the file {error}",
                code=self._code("exposed"),
                hint=f"Check what is in it, then: chmod 600 {self.path}",
            ) from None
        except OSError as error:
            raise self.damaged(
                f"the file cannot be read ({reason_of(error)})", remedy_of(error)
            ) from None
        if len(content) > self.most_bytes:
            raise self.damaged(f"it is longer than {self.most_bytes} bytes")
        return content

    def parse(self, content: bytes) -> Any:
        """The content as JSON. Raises UsageError `…-damaged`.

        A repeated name is an error: JSON would keep the last entry and drop the other silently.
        """
        try:
            return json.loads(content, object_pairs_hook=_without_repeats)
        except (ValueError, RecursionError) as error:
            raise self.damaged(f"it is not JSON ({error})") from None

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Hold the lock, for a change from `read` to `write`; the folder is made if it is missing.

        Raises UsageError `…-locked`, `…-unwritable`.
        """
        try:
            make_private_directory(self.path.parent)
            with self._lock():
                yield
        except OSError as error:
            raise UsageError(
                f"The {self.noun} at {self.path} cannot be written: {reason_of(error)}",
                code=self._code("unwritable"),
                hint=remedy_of(error),
            ) from None

    def write(self, content: bytes) -> None:
        """Replace the content; only while the lock is held. Raises OSError."""
        remove_parts(self.path)
        replace(self.path, content)

    def damaged(self, what: str, mend: str = "") -> UsageError:
        """The error `…-damaged`. mend: what to do, if that is something else than usually."""
        return UsageError(
            f"The {self.noun} at {self.path} are damaged: {what}",
            code=self._code("damaged"),
            hint=mend or self.mend,
        )

    def _lock(self) -> FileLock:
        """The lock is a file of its own, because the other one is replaced."""
        try:
            return FileLock(self.path.with_suffix(".lock"), wait_s=LOCK_WAIT_S)
        except BlockingIOError:
            raise UsageError(
                f"Another process keeps {self.path} locked",
                code=self._code("locked"),
                hint="Try again; if it lasts, look for a p2claw process that hangs",
            ) from None

    def _code(self, what: str) -> str:
        return f"{self.noun.replace(' ', '-')}-{what}"


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) < len(pairs):
        raise ValueError("a name is there twice")
    return dict(pairs)
