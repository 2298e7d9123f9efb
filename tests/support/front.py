"""A program in front of servers, as long as a block runs."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

from tests.support.nginx import listens

END_S = 15.0


@contextlib.asynccontextmanager
async def front(
    argv: Sequence[str], port: int, log: Path, environ: Mapping[str, str] | None = None
) -> AsyncIterator[None]:
    """It, once it listens. log: what it writes. environ: beside the environment of this process."""
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdout=output,
            stderr=output,
            env={**os.environ, **(environ or {})},
            start_new_session=True,  # Ctrl-C reaches who started it, which ends it
        )
    try:
        await listens(port, process, log)
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await asyncio.wait_for(process.wait(), END_S)
