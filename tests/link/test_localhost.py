"""`*.localhost` is this machine, whatever a name server says."""

from __future__ import annotations

import socket

import pytest

from p2claw.link.localhost import LocalhostResolver
from p2claw.names import is_localhost


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("localhost", True),
        ("dog-purplecrab.localhost", True),
        ("DOG.LocalHost.", True),
        ("localhost.example", False),
        ("notlocalhost", False),
    ],
)
def test_localhost_names_are_known(host: str, local: bool) -> None:
    assert is_localhost(host) is local


async def test_names_under_localhost_resolve_to_loopback() -> None:
    resolver = LocalhostResolver()
    found = await resolver.resolve("dog-purplecrab.localhost", 8787, socket.AF_UNSPEC)
    assert [(entry["host"], entry["port"]) for entry in found] == [("127.0.0.1", 8787)]
    await resolver.close()


async def test_other_names_are_asked_of_the_system() -> None:
    resolver = LocalhostResolver()
    with pytest.raises(OSError, match=r"nobody\.invalid|not known|resolution|Name"):
        await resolver.resolve("nobody.invalid", 80, socket.AF_UNSPEC)
    await resolver.close()
