"""Several nodes of one coordinator in this process, with a real PostgreSQL and Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from p2claw.config import BusAddress, StoreAddress
from tests.support.postgresql import Postgresql
from tests.support.redis_server import RedisServer
from tests.support.server import RunningServer, running_server


@asynccontextmanager
async def cluster(
    folder: Path, pg: Postgresql, rd: RedisServer, count: int = 2, **overrides: Any
) -> AsyncIterator[list[RunningServer]]:
    """Nodes that share an empty store and bus. overrides: fields of ServerConfig, of each."""
    settings = {
        "store": StoreAddress.parse(pg.emptied_database()),
        "bus": BusAddress.parse(rd.url),
        **overrides,
    }
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(running_server(folder / f"node{number}", **settings))
            for number in range(count)
        ]
