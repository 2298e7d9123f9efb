"""The path of a URL as names of files: which paths are allowed, and which names are hidden.

Nothing here touches the disk; `tree.py` opens what the names lead to.
"""

from __future__ import annotations

import os
from urllib.parse import quote_from_bytes, unquote_to_bytes

# Folders deeper than this are not served: each level costs system calls.
MOST_NAMES = 128

# What is ours in a folder's URLs: no file has such a path, because names with a dot are hidden.
OWN = ".p2claw"

# RFC 8615: the one name with a dot that the web itself asks for.
WELL_KNOWN = ".well-known"


class NotHereError(Exception):
    """There is nothing for a visitor under this path, for whatever reason: all look alike."""


def names_of(path: str) -> tuple[tuple[str, ...], bool]:
    """The names in the path of a URL, percent-encoded as it came, and whether a `/` ends it.

    Raises NotHereError for every path that is not plainly one below the folder.
    """
    if not path.startswith("/"):
        raise NotHereError
    raw = path[1:].split("/")
    is_folder = raw[-1] == ""
    if is_folder:
        raw.pop()
    if len(raw) > MOST_NAMES:
        raise NotHereError
    return tuple(map(_name, raw)), is_folder


def is_hidden(name: str, *, at_top: bool) -> bool:
    """Names that begin with a dot are for their owner: keys, histories, settings of tools."""
    return name.startswith(".") and not (at_top and name == WELL_KNOWN)


def quoted(name: str) -> str:
    """A name as it stands in a URL, whatever bytes it has."""
    return quote_from_bytes(os.fsencode(name), safe="-._~!$'()*,")


def shown(name: str) -> str:
    """A name as people read it; what is no UTF-8 in it, and control characters, are replaced."""
    text = os.fsencode(name).decode("utf-8", "replace")
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text
    )


def _name(raw: str) -> str:
    name = unquote_to_bytes(raw)
    if not name or name in (b".", b"..") or b"/" in name or b"\0" in name:
        raise NotHereError
    return os.fsdecode(name)
