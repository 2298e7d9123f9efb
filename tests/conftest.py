"""What every test stands on."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.server import RunningServer, running_server


def pytest_configure() -> None:
    """Children get SIGINT as it is by default, however this process was started.

    A shell starts its background jobs with SIGINT ignored, and what is ignored is inherited; the
    programs under test would never hear it.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[RunningServer]:
    """Coordinator and edge, in this process."""
    async with running_server(tmp_path) as running:
        yield running
