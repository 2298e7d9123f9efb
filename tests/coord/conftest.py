"""What tests of the coordinator share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest

from tests.support.turn_key_service import TurnKeyService, turn_key_service


@pytest.fixture
def service() -> Iterator[TurnKeyService]:
    with turn_key_service() as running:
        yield running


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session
