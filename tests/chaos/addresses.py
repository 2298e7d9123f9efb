"""The address that a visitor of a run comes from: each has its own, as twenty people have.

If all had one, the coordinator's rate of visits of an address would be theirs together. Twenty
links that are lost at once ask for the box every other second, for as long as it is away: with
those of whoever looks whether it is back, that is more than the rate of an address.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from contextvars import ContextVar

import pytest

_SOURCE: ContextVar[str] = ContextVar("source", default="127.0.0.1")


def come_from(number: int) -> None:
    """Whoever calls this comes from the loopback address of this number, in a network of its own.

    The tasks that it makes do, too.
    """
    _SOURCE.set(f"127.1.{number}.1")


@contextlib.contextmanager
def addresses() -> Iterator[None]:
    """While it lasts, visitors of this process reach their coordinator from these addresses."""

    async def connect(host: str, port: int) -> socket.socket:
        made = socket.socket()
        try:
            made.setblocking(False)
            made.bind((_SOURCE.get(), 0))
            await asyncio.get_running_loop().sock_connect(made, ("127.0.0.1", port))
        except BaseException:
            made.close()
            raise
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("p2claw.visitor.websocket.connect", connect)
        yield
