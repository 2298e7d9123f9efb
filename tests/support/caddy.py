"""A real Caddy with a Caddyfile, without its own API and without certificates."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

from tests.support.front import front

CADDY = shutil.which("caddy", path="/usr/bin:/usr/local/bin:/opt/homebrew/bin")


@contextlib.asynccontextmanager
async def caddy(folder: Path, caddyfile: str, port: int) -> AsyncIterator[None]:
    """Caddy while the block runs. port: where its Caddyfile has it listen."""
    assert CADDY is not None, "ask for CADDY before"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "Caddyfile"
    file.write_text("{\n\tadmin off\n\tauto_https off\n}\n" + caddyfile)
    argv = (CADDY, "run", "--adapter", "caddyfile", "--config", str(file))
    home = {"HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    async with front(argv, port, folder / "caddy.log", home):
        yield
