"""Every scenario of this folder meets each stack of stacks.py, one after the other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.interop.link import Link, connected
from tests.interop.stacks import STACKS, Stack, need
from tests.peers.remote import Remote, remote

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # A peer's process lives longer than one test, so all of them share one event loop.
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.fixture(scope="session", params=STACKS, ids=lambda stack: stack.name)
def stack(request: pytest.FixtureRequest) -> Stack:
    """Who is met."""
    met: Stack = request.param
    return met


@pytest.fixture(autouse=True)
def able(request: pytest.FixtureRequest, stack: Stack) -> None:
    """Leave out what this stack lacks: `@pytest.mark.needs("ability")`."""
    for mark in request.node.iter_markers("needs"):
        need(stack, *mark.args)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def theirs(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Remote]:
    async with remote(stack.name, tmp_path_factory.mktemp(stack.name)) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def link(theirs: Remote, stack: Stack) -> AsyncIterator[Link]:
    """Offered by them, as a browser comes to a box that waits."""
    async with connected(theirs, stack) as made:
        yield made
