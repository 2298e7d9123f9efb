"""What a zip of a folder has in it: what the lists of the folder show, at all depths.

A folder with an `index.html` shows that page and not its names, so it is in no zip. A link to a
file is packed as the file; a link to a folder is left out, because what it leads to may be above.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from p2claw.agent.folders.entries import Entry, Listing, listing_of, natural
from p2claw.agent.folders.names import MOST_NAMES, NotHereError, shown
from p2claw.agent.folders.tree import DeniedError, Opened, Tree

# Files and folders in one zip. All are named once more at its end, so each is in memory until then.
MOST_PACKED = 20_000

INDEX = "index.html"

Names = tuple[str, ...]


class TooManyError(Exception):
    """The folder has more names than a zip may have."""


@dataclass(frozen=True, slots=True)
class Packed:
    """One file or folder of a zip. names: from the top of the app. path: in the zip, with a `/` at
    the end of a folder. modified_ns: Unix time."""

    names: Names
    path: str
    is_folder: bool
    size_bytes: int
    modified_ns: int


def packed_names(tree: Tree, top: Names, *, most: int = MOST_PACKED) -> list[Packed]:
    """All that goes into the zip of a folder, each folder before what is in it.

    Blocks on the disk. Raises NotHereError if that folder is not shown as a list, TooManyError, and
    what `Tree.open` does.
    """
    found: list[Packed] = []
    used: set[str] = set()
    pending = [Packed(top, "", True, 0, 0)]
    while pending:
        folder = pending.pop()
        left = most - len(found) - len(pending) - (folder.path != "")
        try:
            listing = _listing(tree, folder.names, left)
        except (NotHereError, DeniedError):
            if folder.names == top:
                raise
            continue
        if listing.total > left:
            raise TooManyError
        if folder.path:
            found.append(folder)
        entries = sorted(listing.entries, key=lambda entry: natural(entry.name))
        packed = [_packed(entry, folder, used) for entry in entries if _is_packed(entry, folder)]
        found += [one for one in packed if not one.is_folder]
        pending += [one for one in reversed(packed) if one.is_folder]
    return found


def _listing(tree: Tree, names: Names, most: int) -> Listing:
    """Raises NotHereError if visitors get something else than a list."""
    opened = tree.open(names)
    try:
        if not opened.is_folder:
            raise NotHereError
        listing = listing_of(tree, names, opened, most)
        readable = [entry for entry in listing.entries if _is_readable(opened, entry)]
    finally:
        opened.close()
    if any(entry.name == INDEX and not entry.is_folder for entry in listing.entries):
        raise NotHereError
    return Listing(readable, listing.total)


def _is_readable(folder: Opened, entry: Entry) -> bool:
    """One file that the agent may not read would break each zip off."""
    effective = os.access in os.supports_effective_ids
    return os.access(entry.name, os.R_OK, dir_fd=folder.descriptor, effective_ids=effective)


def _is_packed(entry: Entry, folder: Packed) -> bool:
    return not entry.is_folder or (not entry.is_link and len(folder.names) + 1 < MOST_NAMES)


def _packed(entry: Entry, folder: Packed, used: set[str]) -> Packed:
    """The path of each is another: two names that look alike get a number."""
    # Some programs take a backslash for a `/`, and would unpack to another place.
    name = shown(entry.name).replace("\\", "_")
    end = "/" if entry.is_folder else ""
    path, count = folder.path + name + end, 1
    while path in used:
        count += 1
        path = f"{folder.path}{_numbered(name, count)}{end}"
    used.add(path)
    names = (*folder.names, entry.name)
    return Packed(names, path, entry.is_folder, entry.size_bytes, entry.modified_ns)


def _numbered(name: str, count: int) -> str:
    stem, dot, ending = name.rpartition(".")
    return f"{stem} ({count}){dot}{ending}" if stem else f"{name} ({count})"
