"""A host of the laboratory: a namespace, and an event loop in a thread that lives in it.

What runs on that loop opens its sockets there, and so do the processes that it starts: helpers
written for one machine work unchanged.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Coroutine
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

from p2claw.errors import UsageError
from tests.support import namespaces

T = TypeVar("T")
JOIN_TIMEOUT_S = 10


class Host:
    """One host. Made by `host`. name: of its namespace. addresses: its own, the IPv4 one first."""

    def __init__(self, name: str, addresses: tuple[str, ...]) -> None:
        self.name = name
        self.addresses = addresses
        self._loop = asyncio.new_event_loop()
        self._entered: Future[None] = Future()
        self._thread = threading.Thread(target=self._live, name=name)

    @property
    def address(self) -> str:
        return self.addresses[0]

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the host, and return what it returns. A cancel reaches it."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    @contextlib.asynccontextmanager
    async def hold(self, manager: AbstractAsyncContextManager[T]) -> AsyncIterator[T]:
        """Enter a context on the host, in one task from its entry to its exit."""
        held: Future[T] = Future()
        over = asyncio.Event()

        async def stay() -> None:
            try:
                async with manager as value:
                    held.set_result(value)
                    await over.wait()
            except BaseException as failure:
                if held.done():
                    raise
                held.set_exception(failure)

        staying = asyncio.run_coroutine_threadsafe(stay(), self._loop)
        try:
            yield await asyncio.wrap_future(held)
        finally:
            self._loop.call_soon_threadsafe(over.set)
            await asyncio.wrap_future(staying)

    async def start(self) -> None:
        """Begin to live. Raises UsageError `network-failed`."""
        self._thread.start()
        await asyncio.wrap_future(self._entered)

    async def end(self) -> None:
        """Stop the loop, once what still runs on it is cancelled."""
        with contextlib.suppress(asyncio.CancelledError):
            await self.run(self._cancel_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        await asyncio.to_thread(self._thread.join, JOIN_TIMEOUT_S)

    def _live(self) -> None:
        try:
            namespaces.enter(self.name)
        except OSError as error:
            failure = UsageError(f"{self.name} cannot be entered: {error}", code="network-failed")
            self._entered.set_exception(failure)
            return
        asyncio.set_event_loop(self._loop)
        self._entered.set_result(None)
        self._loop.run_forever()
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    async def _cancel_all(self) -> None:
        mine = asyncio.current_task()
        others = [task for task in asyncio.all_tasks() if task is not mine]
        for task in others:
            task.cancel()
        if others:
            await asyncio.wait(others)


@contextlib.asynccontextmanager
async def host(name: str, *addresses: str) -> AsyncIterator[Host]:
    """A host in a namespace that exists already."""
    made = Host(name, addresses)
    await made.start()
    try:
        yield made
    finally:
        await made.end()
