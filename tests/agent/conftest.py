"""The agent runs on uvloop, and so do its tests. Fixtures: an app, and an offer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import pytest
import uvloop

from p2claw.link.visitor_peer import VisitorPeer
from tests.support.upstreams import Upstream, echo, upstream_of


@pytest.hookimpl(optionalhook=True)
def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    """An app that sends back what it gets."""
    async with upstream_of(echo) as running:
        yield running


@pytest.fixture
async def offer_sdp() -> AsyncIterator[str]:
    """Of a visitor that never does more than offer."""
    peer = VisitorPeer()
    yield await peer.offer()
    await peer.close()
