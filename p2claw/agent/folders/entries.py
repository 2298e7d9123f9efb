"""What lies in one folder, and in which order a list shows it."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from p2claw.agent.folders.kinds import Shown, shown_as
from p2claw.agent.folders.names import NotHereError, is_hidden
from p2claw.agent.folders.tree import DeniedError, Opened, Tree

# A longer page is of no use on a phone. The rest is counted, and each of it opens by its URL.
LISTED = 5_000


class Sort(Enum):
    NAME = "name"
    SIZE = "size"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Entry:
    """One name of a list. size_bytes: 0 of a folder. modified_ns: Unix time. is_link: it is a link
    to something inside, and the facts are of that."""

    name: str
    is_folder: bool
    size_bytes: int
    modified_ns: int
    shown: Shown
    is_link: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """The names of one folder that visitors may see. total: how many there are, with those that the
    list leaves out."""

    entries: list[Entry]
    total: int


def listing_of(
    tree: Tree, names: tuple[str, ...], folder: Opened, most: int | None = None
) -> Listing:
    """The entries of an open folder that visitors see, at most so many: nothing hidden, no link to
    the outside, no device.

    Blocks on the disk. Raises OSError.
    """
    found: list[Entry] = []
    total = 0
    most = LISTED if most is None else most
    with os.scandir(folder.descriptor) as scan:
        for item in scan:
            if is_hidden(item.name, at_top=False):
                continue
            total += 1
            if len(found) >= most:
                continue
            entry = _entry(tree, names, item)
            if entry is None:
                total -= 1
            else:
                found.append(entry)
    return Listing(found, total)


def ordered(entries: list[Entry], by: Sort, *, descending: bool) -> list[Entry]:
    """Folders first, and all that is equal by name."""
    keys: dict[Sort, Callable[[Entry], int]] = {
        Sort.SIZE: lambda entry: entry.size_bytes,
        Sort.DATE: lambda entry: entry.modified_ns,
    }
    arranged = sorted(
        entries, key=lambda entry: natural(entry.name), reverse=descending and by is Sort.NAME
    )
    if by is not Sort.NAME:
        arranged.sort(key=keys[by], reverse=descending)
    arranged.sort(key=lambda entry: not entry.is_folder)
    return arranged


def natural(name: str) -> tuple[list[tuple[int, int, str]], str]:
    """A key by which `img2` comes before `img10`, and `a` beside `A`."""
    parts = re.split(r"([0-9]+)", name.casefold())
    key = [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts if part]
    return key, name


def _entry(tree: Tree, names: tuple[str, ...], item: os.DirEntry[str]) -> Entry | None:
    """One entry of a list; None if a visitor could not open it."""
    try:
        facts = item.stat(follow_symlinks=False)
        is_link = stat.S_ISLNK(facts.st_mode)
        if is_link:
            facts = _behind(tree, (*names, item.name))
    except (OSError, NotHereError, DeniedError):
        return None
    is_folder = stat.S_ISDIR(facts.st_mode)
    if not is_folder and not stat.S_ISREG(facts.st_mode):
        return None
    if is_folder and _is_private(tree, facts):
        return None
    shown = Shown.FILE if is_folder else shown_as(item.name)
    size = 0 if is_folder else facts.st_size
    return Entry(item.name, is_folder, size, facts.st_mtime_ns, shown, is_link)


def _behind(tree: Tree, names: tuple[str, ...]) -> os.stat_result:
    opened = tree.open(names)
    opened.close()
    return opened.facts


def _is_private(tree: Tree, facts: os.stat_result) -> bool:
    return (facts.st_dev, facts.st_ino) in tree.private_folders()
