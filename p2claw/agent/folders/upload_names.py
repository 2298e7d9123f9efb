"""Under which name a file that a visitor sends is kept: safe on every system, and never special.

The same name always becomes the same, so that an upload which is resumed finds its file.
"""

from __future__ import annotations

import unicodedata

from p2claw.agent.folders.packed_names import INDEX

# NAME_MAX is 255 bytes on most file systems; the rest is for a number in brackets.
NAME_BYTES = 240
# Of an ending as long as this much is kept when a name is cut.
ENDING_BYTES = 32

# What Windows does not allow in names, where a file may be taken one day.
_ODD = frozenset('\\/:*?"<>|')
# Pages that a folder shows in place of its list, or of an error, for all its visitors.
_SPECIAL = frozenset((INDEX, "404.html"))


class NameRefusedError(Exception):
    """Nothing of the name can be kept, or it would change what other visitors see."""


def kept_name(name: str) -> str:
    """The name of a file for the one that a visitor gives. Raises NameRefusedError."""
    text = name.encode("utf-8", "replace").decode()
    text = unicodedata.normalize("NFC", text)
    text = "".join("_" if letter in _ODD or not letter.isprintable() else letter for letter in text)
    text = _shortened(text.strip().lstrip(".").strip()).rstrip(" .")
    if not text or text.casefold() in _SPECIAL:
        raise NameRefusedError
    return text


def _shortened(text: str) -> str:
    if len(text.encode()) <= NAME_BYTES:
        return text
    stem, dot, ending = text.rpartition(".")
    if not stem or len(ending.encode()) > ENDING_BYTES:
        stem, dot, ending = text, "", ""
    left = NAME_BYTES - len((dot + ending).encode())
    return stem.encode()[:left].decode("utf-8", "ignore") + dot + ending
