"""What has a loop here runs on both: uvloop is what an agent uses, asyncio what its rules are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import pytest
import uvloop

from p2claw.dataplane.carrier._engine import UdpPort
from tests.dataplane.raw_peer import RawPeer


@pytest.hookimpl(optionalhook=True)
def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"asyncio": asyncio.SelectorEventLoop, "uvloop": uvloop.new_event_loop}


@pytest.fixture
async def port() -> AsyncIterator[UdpPort]:
    opened = UdpPort()
    yield opened
    opened.close()


@pytest.fixture
async def peer(port: UdpPort) -> AsyncIterator[RawPeer]:
    made = RawPeer(port)
    await made.establish()
    yield made
    made.close()
