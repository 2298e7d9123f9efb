"""The sample app in this process, on a port of its own, with small stand-ins for the film."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from aiohttp.test_utils import TestClient, TestServer

from p2claw.demo_app.server import MEDIA_FILES, make_app

FILM = bytes(range(256)) * 16


@pytest_asyncio.fixture
async def client(tmp_path: Path) -> AsyncIterator[TestClient]:
    for name in MEDIA_FILES:
        (tmp_path / name).write_bytes(FILM)
    async with TestClient(TestServer(make_app(tmp_path))) as client:
        yield client
