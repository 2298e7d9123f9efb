"""The connections to one upstream: made when needed, kept for a while, never too many.

`gate.py` decides who may use one, and when.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from functools import partial

from p2claw.agent.upstream.address import UpstreamAddress
from p2claw.agent.upstream.dial import Dial, dial
from p2claw.agent.upstream.gate import Gate, Ticket
from p2claw.agent.upstream.http_connection import READ_BYTES, HttpConnection
from p2claw.config import UpstreamLimits
from p2claw.late_task import in_task
from p2claw.wire.frames.heads import DEFAULT_URGENCY

# A server closes a connection after some seconds of idleness. A request that cannot be repeated
# uses only a connection that was in use a moment ago.
FRESH_S = 1.0

# On this machine a connection is made at once, unless the server's backlog is full. The timer runs
# twice before a dial counts as slow: a busy process may learn of the first and of the connection
# only together.
SLOW_DIAL_S = 0.25


class Pool:
    """Keep-alive connections to one address, on one loop. dial: makes each of them."""

    def __init__(self, address: UpstreamAddress, limits: UpstreamLimits, dial: Dial = dial) -> None:
        self.address = address
        self._dial_it = dial
        self._limits = limits
        self.loop = asyncio.get_running_loop()
        self.gate = Gate(address.text, limits)
        self._idle: deque[HttpConnection] = deque()  # the longest idle first
        self._busy: set[HttpConnection] = set()
        self._sweeper: asyncio.TimerHandle | None = None
        self._closed = False
        self._buffer = memoryview(bytearray(READ_BYTES))

    @property
    def idle(self) -> int:
        return len(self._idle)

    @property
    def busy(self) -> int:
        return len(self._busy)

    @property
    def buffered_bytes(self) -> int:
        """Bytes of responses that were read from upstreams, but not passed on yet."""
        return sum(connection.buffered_bytes for connection in self._busy)

    def lease(
        self,
        *,
        repeatable: bool,
        new: bool = False,
        owner: object = None,
        network: str = "",
        urgency: int = DEFAULT_URGENCY,
    ) -> Lease:
        """Hold a connection for one exchange: a block that raises, as it begins, AppDownFault,
        AppTimeoutFault or BoxBusyFault. The connection is closed afterwards if it cannot be reused.

        repeatable: the exchange may be tried again, so a connection that turns out stale does no
        harm. new: use none that served a request before. owner, network, urgency: of the visitor
        and its request, for the gate.
        """
        return Lease(self, repeatable, new, owner, network, urgency)

    def retire(self) -> None:
        """Keep no connection any more; those in use are closed after their exchange."""
        self._closed = True
        if self._sweeper is not None:
            self._sweeper.cancel()
        for connection in [*self._idle]:
            self._drop(connection)

    def close(self) -> None:
        """Close all connections, those in use too."""
        self.retire()
        for connection in self._busy:
            connection.abort()

    def take_now(
        self, owner: object, network: str, *, repeatable: bool
    ) -> tuple[HttpConnection, Ticket] | None:
        """A kept connection, as `lease` has it, if there is nothing to wait for; else None.

        It goes to `give_back`, with its ticket.
        """
        if not self._idle or not (repeatable or self._is_fresh(self._idle[-1])):
            return None
        ticket = self.gate.enter_now(owner, network)
        return None if ticket is None else (self._reuse(ticket), ticket)

    def give_back(self, connection: HttpConnection, ticket: Ticket) -> None:
        """The exchange is over: keep the connection, or close it if it cannot be reused."""
        try:
            self._busy.discard(connection)
            if not connection.end_exchange(self.loop.time()) or self._closed:
                connection.abort()
                return
            if len(self._idle) >= self._limits.idle_connections:
                self._drop(self._idle[0])
            connection.on_idle_closed = self._forget
            self._idle.append(connection)
            if self._sweeper is None:
                self._watch()
        finally:
            self.gate.leave(ticket)

    async def take(
        self, owner: object, network: str, urgency: int, *, repeatable: bool, new: bool
    ) -> tuple[HttpConnection, Ticket]:
        """The same, with a wait, or a new connection; raises as `lease`."""
        gate = self.gate
        ticket = gate.enter_now(owner, network)
        if ticket is None:
            await in_task()
            ticket = await gate.enter(owner, network, urgency)
        try:
            if not new and self._idle and (repeatable or self._is_fresh(self._idle[-1])):
                return self._reuse(ticket), ticket
            await in_task()
            return self._begin(await self._dial(), ticket), ticket
        except BaseException:
            gate.leave(ticket)
            raise

    def _is_fresh(self, connection: HttpConnection) -> bool:
        return self.loop.time() - connection.idle_since_s <= FRESH_S

    def _reuse(self, ticket: Ticket) -> HttpConnection:
        connection = self._idle.pop()
        connection.on_idle_closed = None
        return self._begin(connection, ticket)

    def _begin(self, connection: HttpConnection, ticket: Ticket) -> HttpConnection:
        connection.on_head = partial(self.gate.responded, ticket)
        self._busy.add(connection)
        return connection

    def _forget(self, connection: HttpConnection) -> None:
        """The upstream closed a connection that was idle."""
        if connection in self._idle:
            self._idle.remove(connection)

    def _drop(self, connection: HttpConnection) -> None:
        self._idle.remove(connection)
        connection.on_idle_closed = None
        connection.abort()

    def _watch(self) -> None:
        if self._sweeper is None and self._idle:
            due_s = self._idle[0].idle_since_s + self._limits.idle_s
            self._sweeper = self.loop.call_at(due_s, self._sweep)

    def _sweep(self) -> None:
        self._sweeper = None
        now_s = self.loop.time()
        while self._idle and self._idle[0].idle_since_s + self._limits.idle_s <= now_s:
            self._drop(self._idle[0])
        self._watch()

    async def _dial(self) -> HttpConnection:
        watch = _Watch(self.loop, self.gate.slow_dial)
        try:
            _, connection = await self._dial_it(
                self.address, self._make, timeout_s=self._limits.connect_s
            )
            return connection
        finally:
            watch.cancel()

    def _make(self) -> HttpConnection:
        return HttpConnection(self._limits, self._buffer)


class Lease:
    """An asynchronous context manager that holds a connection of a pool; see `Pool.lease`."""

    __slots__ = (
        *("_connection", "_network", "_new", "_owner", "_pool", "_repeatable", "_ticket"),
        "_urgency",
    )

    def __init__(
        self, pool: Pool, repeatable: bool, new: bool, owner: object, network: str, urgency: int
    ) -> None:
        self._pool = pool
        self._repeatable = repeatable
        self._new = new
        self._owner = owner
        self._network = network
        self._urgency = urgency

    async def __aenter__(self) -> HttpConnection:
        self._connection, self._ticket = await self._pool.take(
            self._owner,
            self._network,
            self._urgency,
            repeatable=self._repeatable,
            new=self._new,
        )
        return self._connection

    async def __aexit__(self, *_: object) -> None:
        self._pool.give_back(self._connection, self._ticket)


class _Watch:
    """A timer that calls slow() if a dial takes long."""

    def __init__(self, loop: asyncio.AbstractEventLoop, slow: Callable[[], None]) -> None:
        self._loop = loop
        self._slow = slow
        self._timer = loop.call_later(SLOW_DIAL_S, self._again)

    def _again(self) -> None:
        self._timer = self._loop.call_later(SLOW_DIAL_S, self._slow)

    def cancel(self) -> None:
        self._timer.cancel()
