"""The address that a visitor of a run comes from: each has its own, as twenty people have.

If all had one, the coordinator's rate of visits of an address would be theirs together. Twenty
links that are lost at once ask for the box every other second, for as long as it is away: with
those of whoever looks whether it is back, that is more than the rate of an address.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

import aiohttp
import pytest

from p2claw.link.localhost import LocalhostResolver

_SOURCE: ContextVar[str] = ContextVar("source", default="127.0.0.1")


def come_from(number: int) -> None:
    """Whoever calls this comes from the loopback address of this number, in a network of its own.

    The tasks that it makes do, too.
    """
    _SOURCE.set(f"127.1.{number}.1")


@contextlib.contextmanager
def addresses() -> Iterator[None]:
    """While it lasts, visitors of this process reach their coordinator from these addresses."""

    def client() -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            resolver=LocalhostResolver(), local_addr=(_SOURCE.get(), 0)
        )
        return aiohttp.ClientSession(connector=connector)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("p2claw.visitor.signalling.signalling_client", client)
        yield
