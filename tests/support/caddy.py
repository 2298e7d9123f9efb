"""A real Caddy with a Caddyfile, without its own API and without certificates."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

from tests.support.nginx import listens

CADDY = shutil.which("caddy", path="/usr/bin:/usr/local/bin:/opt/homebrew/bin")
END_S = 15.0


@contextlib.asynccontextmanager
async def caddy(folder: Path, caddyfile: str, port: int) -> AsyncIterator[None]:
    """Caddy while the block runs. port: where its Caddyfile has it listen."""
    assert CADDY is not None, "ask for CADDY before"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "Caddyfile"
    file.write_text("{\n\tadmin off\n\tauto_https off\n}\n" + caddyfile)
    log = folder / "caddy.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(CADDY, "run", "--adapter", "caddyfile", "--config", str(file)),
            stdout=output,
            stderr=output,
            env={**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder)},
            start_new_session=True,  # Ctrl-C reaches who started it, which ends it
        )
    try:
        await listens(port, process, log)
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await asyncio.wait_for(process.wait(), END_S)
