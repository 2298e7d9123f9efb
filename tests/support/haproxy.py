"""A real HAProxy with a configuration."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

from tests.support.nginx import listens

HAPROXY = shutil.which("haproxy", path="/usr/sbin:/usr/bin:/usr/local/sbin:/opt/homebrew/bin")
END_S = 15.0


@contextlib.asynccontextmanager
async def haproxy(folder: Path, configuration: str, port: int) -> AsyncIterator[None]:
    """HAProxy while the block runs. port: where it is to listen."""
    assert HAPROXY is not None, "ask for HAPROXY before"
    folder.mkdir(parents=True, exist_ok=True)
    file, log = folder / "haproxy.cfg", folder / "haproxy.log"
    file.write_text(configuration)
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(HAPROXY, "-db", "-f", str(file)),
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C reaches who started it, which ends it
        )
    try:
        await listens(port, process, log)
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await asyncio.wait_for(process.wait(), END_S)
