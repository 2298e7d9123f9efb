"""A frontend and a backend of the shared stack, under fresh names."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.e2e.siblings.pairs import Pair, exposed
from tests.e2e.stack import Stack
from tests.e2e.upstreams.neighbours import neighbour


@pytest_asyncio.fixture(loop_scope="session")
async def pair(shared_stack: Stack, fresh_name: str) -> AsyncIterator[Pair]:
    async with neighbour() as web, neighbour() as api:
        yield await exposed(shared_stack, fresh_name, web, api)
        await shared_stack.unexpose(fresh_name)
        await shared_stack.unexpose(f"{fresh_name}-back")
