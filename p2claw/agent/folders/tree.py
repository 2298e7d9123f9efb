"""Opens what lies in a folder, and never what lies outside of it.

Each name is opened in the folder before it, and never through a link (openat(2), O_NOFOLLOW), so
whoever renames or replaces things meanwhile can at worst make a name disappear. A symbolic link is
followed only if it ends inside: where it leads is worked out first, and then walked to from the top
in the same way. Ordinary files and folders are opened; devices, pipes and sockets are not.
"""

from __future__ import annotations

import errno
import os
import stat
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from p2claw.agent.folders.names import NotHereError, is_hidden

# As many as Linux follows: path_resolution(7).
MOST_LINKS = 40

_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
# Passing through a folder needs less than reading it. macOS has no such flag.
_PASS = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_DIRECTORY | getattr(os, "O_PATH", os.O_RDONLY)


class FolderGoneError(Exception):
    """The folder itself is not there any more, or not readable."""


class DeniedError(Exception):
    """It is there, but this process may not read it."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A file or folder that was opened. Whoever gets it closes it."""

    descriptor: int
    facts: os.stat_result

    @property
    def is_folder(self) -> bool:
        return stat.S_ISDIR(self.facts.st_mode)

    def close(self) -> None:
        os.close(self.descriptor)


@dataclass(frozen=True, slots=True)
class Tree:
    """One folder. private: folders that are never entered, as the home of the agent.

    All methods block on the disk.
    """

    root: str
    private: tuple[str, ...] = ()

    def open(self, names: tuple[str, ...], *, through_links: bool = True) -> Opened:
        """Raises NotHereError, DeniedError, FolderGoneError."""
        walk = _Walk(self._top(), self.private_folders())
        try:
            walk.check()
            pending = deque(names)
            links = 0
            while pending:
                name = pending.popleft()
                if is_hidden(name, at_top=not walk.names):
                    raise NotHereError
                target = walk.enter(name, is_last=not pending)
                if target is None:
                    continue
                links += 1
                if links > MOST_LINKS or not through_links:
                    raise NotHereError
                pending.extendleft(reversed(self._inside(walk.names, target)))
                walk.again(self._top())
            return walk.arrived()
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EPERM):
                raise DeniedError from None
            if error.errno in _ABSENT:
                raise NotHereError from None
            raise
        finally:
            walk.close()

    def _top(self) -> int:
        """Open the folder by its path, each time anew: the path may be a link that is switched to
        another release."""
        try:
            return os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            if error.errno in _BUSY:
                raise
            raise FolderGoneError(error.strerror) from None

    def private_folders(self) -> frozenset[tuple[int, int]]:
        """Device and inode of each that there is."""
        found = []
        for path in self.private:
            with suppress(OSError):
                facts = Path(path).stat()
                found.append((facts.st_dev, facts.st_ino))
        return frozenset(found)

    def _inside(self, names: list[str], target: str) -> list[str]:
        """The names from the top to where a link among these names leads.

        Raises NotHereError if that is outside.
        """
        root = os.path.realpath(self.root)
        end = os.path.realpath(
            target if target.startswith("/") else "/".join((root, *names, target))
        )
        below = os.path.relpath(end, root).split("/")
        if below[0] == "..":
            raise NotHereError
        return [] if below == ["."] else below


class _Walk:
    """An open place in the folder, and the names that led there; `close` ends it.

    private: device and inode of each folder that is not entered.
    """

    def __init__(self, top: int, private: frozenset[tuple[int, int]]) -> None:
        self.names: list[str] = []
        self._here: int | None = top
        self._private = private

    def enter(self, name: str, *, is_last: bool) -> str | None:
        """Go on to a name. Returns where it leads if it is a link, and then stays.

        Raises OSError, NotHereError.
        """
        assert self._here is not None
        kind = os.stat(name, dir_fd=self._here, follow_symlinks=False).st_mode
        if stat.S_ISLNK(kind):
            return os.readlink(name, dir_fd=self._here)
        if not (stat.S_ISDIR(kind) or (is_last and stat.S_ISREG(kind))):
            raise NotHereError
        self._move(os.open(name, _FLAGS if is_last else _PASS, dir_fd=self._here))
        self.names.append(name)
        self.check()
        return None

    def again(self, top: int) -> None:
        """Begin again at the top."""
        self._move(top)
        self.names.clear()

    def arrived(self) -> Opened:
        """What is open now; it belongs to the caller from then on. Raises NotHereError."""
        facts = self.check()
        assert self._here is not None
        opened = Opened(self._here, facts)
        self._here = None
        return opened

    def close(self) -> None:
        if self._here is not None:
            os.close(self._here)
            self._here = None

    def _move(self, there: int) -> None:
        self.close()
        self._here = there

    def check(self) -> os.stat_result:
        """What is open may not be what was looked at before. Raises NotHereError."""
        assert self._here is not None
        facts = os.fstat(self._here)
        is_plain = stat.S_ISREG(facts.st_mode) or stat.S_ISDIR(facts.st_mode)
        if not is_plain or (facts.st_dev, facts.st_ino) in self._private:
            raise NotHereError
        return facts


# ELOOP: a link appeared after the name had been looked at. ENXIO: a socket did.
_ABSENT = frozenset(
    (
        *(errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.ENXIO),
        *(errno.EINVAL, errno.ESTALE, errno.EISDIR, errno.ENODEV),
    )
)
_BUSY = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOMEM))
