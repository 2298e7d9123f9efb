"""A folder to which visitors send files: where they may lie, and how many may be under way.

All functions block on the disk.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import time
from collections.abc import Iterator
from contextlib import suppress

from p2claw.agent.folders.names import NotHereError
from p2claw.agent.folders.packed_names import INDEX, Names
from p2claw.agent.folders.parts import NoRoomError, Part, Wish, understood
from p2claw.agent.folders.tree import Opened, Tree
from p2claw.errors import UsageError
from p2claw.units import GIB

# What an upload leaves free on the disk, for whoever owns it.
FREE_BYTES = GIB
# Begun and not finished in one folder; and of one network, so that others can send as well.
MOST_PARTS, PARTS_PER_NETWORK = 64, 16
# If nobody has gone on with it for so long, it is removed when the next one begins there.
KEPT_S = 24 * 3600

_PART = re.compile(r"\.p2claw-([0-9a-f]{8})-([0-9a-f]{32})\.part")
_CREATE = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_OPEN = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


class TooManyPartsError(Exception):
    """So many uploads have begun here that no other can."""


def open_inbox(tree: Tree, names: Names) -> Opened:
    """The folder that a file is sent to; whoever gets it closes it.

    Raises NotHereError for what is hidden, lies behind a link, or shows a page in place of a list;
    and what `Tree.open` does.
    """
    if any(name.startswith(".") for name in names):
        raise NotHereError
    opened = tree.open(names, through_links=False)
    if not opened.is_folder or _has_page(opened):
        opened.close()
        raise NotHereError
    return opened


def check_writable(path: str) -> None:
    """For the owner, before visitors find out. Raises UsageError `folder-read-only`."""
    if not os.access(path, os.W_OK):
        raise UsageError(
            f"The agent may not write to {path}",
            code="folder-read-only",
            hint="Change the permissions; a service writes only where its unit has a line"
            f" ReadWritePaths={path} (systemctl --user edit p2claw)",
        )


def part_of(folder: Opened, wish: Wish) -> Part | None:
    """The part of this upload, if it has begun; whoever gets it closes it.

    Raises InUseError, OSError.
    """
    for file, _, of in _parts(folder):
        if of == wish.id:
            with suppress(FileNotFoundError):
                descriptor = os.open(file, _OPEN, dir_fd=folder.descriptor)
                return Part(folder.descriptor, descriptor, file)
    return None


def new_part(folder: Opened, wish: Wish) -> Part:
    """Begin an upload. Raises TooManyPartsError, NoRoomError, InUseError, DeniedError, OSError."""
    network = hashlib.sha256(wish.network.encode()).hexdigest()[:8]
    _forget(folder)
    of = [of for _, of, _ in _parts(folder)]
    if len(of) >= MOST_PARTS or of.count(network) >= PARTS_PER_NETWORK:
        raise TooManyPartsError
    check_room(folder, wish.size_bytes)
    file = f".p2claw-{network}-{wish.id}.part"
    try:
        return Part(
            folder.descriptor, os.open(file, _CREATE, 0o666, dir_fd=folder.descriptor), file
        )
    except OSError as error:
        raise understood(error) from None


def check_room(folder: Opened, wanted_bytes: int) -> None:
    """Raises NoRoomError, OSError."""
    disk = os.fstatvfs(folder.descriptor)
    if disk.f_bavail * disk.f_frsize - wanted_bytes < FREE_BYTES:
        raise NoRoomError


def _parts(folder: Opened) -> Iterator[tuple[str, str, str]]:
    """The parts in a folder: file, mark of the network, id."""
    with os.scandir(folder.descriptor) as scan:
        for item in scan:
            if match := _PART.fullmatch(item.name):
                yield item.name, match[1], match[2]


def _forget(folder: Opened) -> None:
    before_s = time.time() - KEPT_S
    for file, _, _ in list(_parts(folder)):
        with suppress(OSError):
            if os.stat(file, dir_fd=folder.descriptor, follow_symlinks=False).st_mtime < before_s:
                os.unlink(file, dir_fd=folder.descriptor)


def _has_page(folder: Opened) -> bool:
    try:
        facts = os.stat(INDEX, dir_fd=folder.descriptor)
    except OSError:
        return False
    return stat.S_ISREG(facts.st_mode)
