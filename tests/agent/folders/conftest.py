"""A folder that is served, asked as a visitor asks: through the proxy and a session."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.agent.folders.uploading import writable
from tests.support.proxied import Proxied, proxied


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The folder; what lies beside it is outside."""
    folder = tmp_path / "site"
    folder.mkdir()
    return folder


@pytest.fixture
async def box(site: Path, tmp_path: Path) -> AsyncIterator[Proxied]:
    async with proxied(f"folder:{site}", tmp_path) as running:
        yield running


@pytest.fixture
async def inn(site: Path, tmp_path: Path) -> AsyncIterator[Proxied]:
    """A box whose folder visitors may add to."""
    async with proxied(f"folder:{site}", tmp_path, change=writable()) as running:
        yield running


@pytest.fixture
async def swap(site: Path, tmp_path: Path) -> AsyncIterator[Proxied]:
    """The same, where they may replace, too."""
    async with proxied(f"folder:{site}", tmp_path, change=writable("replace")) as running:
        yield running
