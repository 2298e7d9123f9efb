"""A guarded app that must not be reached."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.agent.access.logging_in import LoginBox, login_box
from tests.support.guarded_box import GuardedBox, guarded_box


@pytest.fixture
async def guarded(tmp_path: Path) -> AsyncIterator[GuardedBox]:
    """A guarded app. Whatever a test does with it, the app must have seen nothing."""
    async with guarded_box(tmp_path) as box:
        yield box
        assert (box.upstream.connections, box.upstream.requests) == (0, [])


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[LoginBox]:
    """One to which people log in. Whatever a test does with it, the app must have seen nothing."""
    async with login_box(tmp_path) as made:
        yield made
        upstream = made.guarded.upstream
        assert (upstream.connections, upstream.requests) == (0, [])
