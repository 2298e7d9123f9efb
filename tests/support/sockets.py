"""What a port has opened, found from outside: by the descriptors of this process."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable
from pathlib import Path

DEADLINE_S = 20


def descriptors() -> set[int]:
    """All that are open."""
    found = set()
    for path in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # the listing's own is closed by now
            os.fstat(int(path.name))
            found.add(int(path.name))
    return found


def descriptor_of(number: int) -> int:
    """The one of the UDP socket that is bound to this port."""
    for fd in sorted(descriptors()):
        with contextlib.suppress(OSError):
            if Path(f"/proc/self/fd/{fd}").readlink().name.startswith("socket:"):
                with socket.socket(fileno=os.dup(fd)) as copy:
                    if copy.type == socket.SOCK_DGRAM and copy.getsockname()[1] == number:
                        return fd
    raise AssertionError(f"nobody has UDP port {number}")


def set_option(number: int, level: int, option: int, value: int) -> None:
    """Of the socket that is bound to this port."""
    with socket.socket(fileno=os.dup(descriptor_of(number))) as copy:
        copy.setsockopt(level, option, value)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for it, for so long that only what is broken fails."""
    async with asyncio.timeout(DEADLINE_S):
        while not condition():  # what is waited for has no event  # noqa: ASYNC110
            await asyncio.sleep(0.005)
