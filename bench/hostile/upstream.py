"""`python -m bench.hostile.upstream`: the app that is visited, in a process of its own."""

from __future__ import annotations

import asyncio

import uvloop

from bench.stdio import Lines, emit
from tests.hostile.neighbours import app
from tests.support.upstreams import upstream_of


async def main() -> None:
    lines = await Lines.open()
    async with upstream_of(app) as upstream:
        emit({"url": upstream.url})
        await lines.next()


if __name__ == "__main__":
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    asyncio.run(main())
