"""The unix socket on which a box's own people speak to its agent: who may connect."""

from __future__ import annotations

import os
import socket
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from p2claw.agent.upstream.address import UNIX_PATH_BYTES
from p2claw.errors import UsageError

BACKLOG = 64

# struct xucred of macOS: version, uid, number of groups, groups.
_XUCRED = "IIh2x16I"
_LOCAL_PEERCRED = 1


@contextmanager
def local_socket(path: Path) -> Iterator[socket.socket]:
    """Listen at path, mode 0600; the file is removed at the end, unless it is another's by then.

    The caller holds the lock of the home, so a socket that is there belongs to nobody.
    Raises UsageError `home-too-long`, `home-unwritable`.
    """
    if len(os.fsencode(path)) > UNIX_PATH_BYTES:
        raise UsageError(
            f"The path {path} is too long for a socket",
            code="home-too-long",
            hint=f"Name a home of at most {UNIX_PATH_BYTES - 11} bytes with P2CLAW_HOME",
        )
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listening.setblocking(False)
        before = os.umask(0o177)
        try:
            path.unlink(missing_ok=True)
            listening.bind(str(path))
        except OSError as error:
            raise UsageError(
                f"No socket can be made at {path}: {error.strerror}", code="home-unwritable"
            ) from None
        finally:
            os.umask(before)
        listening.listen(BACKLOG)
        own = path.stat().st_ino
        yield listening
        with suppress(FileNotFoundError):
            if path.stat().st_ino == own:
                path.unlink()
    finally:
        listening.close()


def may_ask(connection: Any) -> bool:
    """Whether the process at the other end is of this user, or root's.

    connection: the socket of a transport. The mode of the file allows the same people; this check
    still holds if somebody has changed the mode.
    """
    try:
        if sys.platform == "darwin":
            size = struct.calcsize(_XUCRED)
            uid = struct.unpack(_XUCRED, connection.getsockopt(0, _LOCAL_PEERCRED, size))[1]
        else:
            size = struct.calcsize("3i")
            raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
            uid = struct.unpack("3i", raw)[1]
    except (OSError, AttributeError):
        return False
    return uid in (os.geteuid(), 0)
