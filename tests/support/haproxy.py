"""A real HAProxy with a configuration."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

from tests.support.front import front

HAPROXY = shutil.which("haproxy", path="/usr/sbin:/usr/bin:/usr/local/sbin:/opt/homebrew/bin")


@contextlib.asynccontextmanager
async def haproxy(folder: Path, configuration: str, port: int) -> AsyncIterator[None]:
    """HAProxy while the block runs. port: where it is to listen."""
    assert HAPROXY is not None, "ask for HAPROXY before"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "haproxy.cfg"
    file.write_text(configuration)
    async with front((HAPROXY, "-db", "-f", str(file)), port, folder / "haproxy.log"):
        yield
