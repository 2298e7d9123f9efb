"""Asks Redis: one connection for all requests of a node, or, in a cluster, those of redis-py.

redis-py connects: names, passwords, TLS, Sentinels. Its clients give each request a connection of a
pool for itself, which is looked at before and put back after. That was most of what a request cost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ReadOnlyError, RedisError, ResponseError

_Waiting = tuple[tuple[Any, ...], "asyncio.Future[Any]"]


class Asking(Protocol):
    """Whom requests are sent to."""

    async def ask(self, *command: Any) -> Any:
        """What Redis replies to a command. Raises RedisError, OSError, TimeoutError."""
        ...

    async def close(self) -> None:
        """Ask nothing any more."""
        ...


class SharedConnection:
    """make: a connection of redis-py, not connected yet. reply_s: how long a request may take.

    Requests that come while it works on others wait, and are then sent together. If one fails
    because of the connection, so do all that are under way; the next one connects again.
    """

    def __init__(self, make: Callable[[], Any], reply_s: float) -> None:
        self._make = make  # a pool, which a connection behind Sentinels knows without keeping it
        self._connection = make()
        self._reply_s = reply_s
        self._waiting: list[_Waiting] = []
        self._since_s = 0.0  # of the oldest that waits
        self._working: asyncio.Task[None] | None = None
        self._closed = False

    async def ask(self, *command: Any) -> Any:
        """As of `Asking`."""
        if self._closed:
            raise RedisConnectionError("This server ends")
        loop = asyncio.get_running_loop()
        reply: asyncio.Future[Any] = loop.create_future()
        if not self._waiting:
            self._since_s = loop.time()
        self._waiting.append((command, reply))
        if self._working is None:
            self._working = loop.create_task(self._work())
        return await reply

    async def close(self) -> None:
        """As of `Asking`; what waits fails."""
        self._closed = True
        if self._working is not None:
            self._working.cancel()
            await asyncio.gather(self._working, return_exceptions=True)
        await self._connection.disconnect()

    async def _work(self) -> None:
        asked: list[_Waiting] = []
        try:
            while self._waiting:
                # Whoever has given up does not wait any more.
                asked = [one for one in self._waiting if not one[1].done()]
                self._waiting = []
                await self._exchange(asked, self._since_s + self._reply_s)
        finally:
            self._working = None
            _fail(asked + self._waiting, RedisConnectionError("This server ends"))

    async def _exchange(self, asked: list[_Waiting], deadline_s: float) -> None:
        connection = self._connection
        try:
            packed = [part for command, _ in asked for part in connection.pack_command(*command)]
            async with asyncio.timeout_at(deadline_s):
                if not connection.is_connected:
                    await connection.connect()  # to the master, if Sentinels know it
                await connection.send_packed_command(packed, check_health=False)
                for _, reply in asked:
                    await self._read(reply)
        except (RedisError, OSError, TimeoutError) as error:
            await connection.disconnect(nowait=True)
            asked, self._waiting = asked + self._waiting, []
            _fail(asked, error)

    async def _read(self, reply: asyncio.Future[Any]) -> None:
        try:
            response = await self._connection.read_response()
        except ReadOnlyError:
            raise  # it was the master, and is none any more: the next connection may lead there
        except ResponseError as error:
            _fail([((), reply)], error)
        else:
            if not reply.done():
                reply.set_result(response)


class ClusterClient:
    """client: of redis-py, which knows which node of a Redis Cluster has what.

    reply_s: how long a request may take. at_once: so many; whoever asks more waits for its turn.
    """

    def __init__(self, client: Any, reply_s: float, at_once: int) -> None:
        self._client = client
        self._reply_s = reply_s
        self._turns = asyncio.Semaphore(at_once)

    async def ask(self, *command: Any) -> Any:
        """As of `Asking`."""
        async with asyncio.timeout(self._reply_s), self._turns:
            return await self._client.execute_command(*command)

    async def close(self) -> None:
        """As of `Asking`."""
        await self._client.aclose()


def _fail(asked: list[_Waiting], error: Exception) -> None:
    for _, reply in asked:
        if not reply.done():
            reply.set_exception(error)
