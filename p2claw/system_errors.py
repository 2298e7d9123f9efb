"""What the operating system refused, for people: its reason in words, and what helps against it."""

from __future__ import annotations

import errno
import os
import re

MOST_QUOTED = 80

_NUMBERS = re.compile(r"\[Errno (\d+)\]")

_REMEDIES = {
    errno.ENOSPC: "Make room on that disk",
    errno.EDQUOT: "Make room: your share of that disk is used up",
    errno.EACCES: "Look at its owner and mode with `ls -ld`; it must be of the user that runs this",
    errno.EPERM: "Look at its owner and mode with `ls -ld`; it must be of the user that runs this",
    errno.EROFS: "That disk can only be read: name a folder on another",
}


def number_of(error: Exception) -> int:
    """The system's number of an error; 0: it has none. Errors of TLS and of names have others."""
    if not isinstance(error, OSError) or type(error).__module__ == "ssl":
        return 0
    return max(error.errno or 0, 0)


def is_full(error: Exception) -> bool:
    """Whether a disk, or one's share of it, has no room."""
    return number_of(error) in (errno.ENOSPC, errno.EDQUOT)


def is_forbidden(error: Exception) -> bool:
    """Whether this user may not do that."""
    return number_of(error) in (errno.EACCES, errno.EPERM, errno.EROFS)


def reason_of(error: Exception) -> str:
    """The reason alone, without its number and the address: `Connection refused`.

    It is fit for a terminal: a library may quote what came over the wire.
    """
    error = getattr(error, "os_error", error)  # aiohttp wraps it, and writes more around it
    if number := number_of(error):
        return os.strerror(number)
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    # Of several addresses that were tried.
    if numbers := sorted(set(map(int, _NUMBERS.findall(text)))):
        return ", ".join(map(os.strerror, numbers))
    return text if text.isprintable() and len(text) <= MOST_QUOTED else repr(text[:MOST_QUOTED])


def remedy_of(error: OSError) -> str:
    """What to do about a file or folder that the system refused; "": nothing is known."""
    return _REMEDIES.get(number_of(error), "")
