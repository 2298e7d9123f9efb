"""An upstream that reads every body and responds with how many bytes it was."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from aiohttp import web


@contextlib.asynccontextmanager
async def sink() -> AsyncIterator[str]:
    """Serve on a free port of loopback, in this process, and yield the URL."""
    server = web.Server(_respond)
    runner = web.ServerRunner(server, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def _respond(request: web.BaseRequest) -> web.Response:
    taken_bytes = 0
    async for piece in request.content.iter_any():
        taken_bytes += len(piece)
    return web.Response(text=str(taken_bytes))
