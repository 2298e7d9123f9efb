"""Keeps the standing of this node: asks bus and store, and lets the agents go if it is cut off."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from p2claw.coord.bus.base import Bus
from p2claw.coord.bus.members import DRAIN_S
from p2claw.coord.nodes.standing import NodeStanding, Standing
from p2claw.coord.store.base import Store, StoreError
from p2claw.log import get_log

log = get_log("coordinator")

_LOOK_S = 1.0
# For so long after a node has its lease again others may still write that it is lost: they read the
# list of nodes before.
_FORGET_S = 30.0

# Lets the agents go, spread over so many seconds.
LetGo = Callable[[float], Awaitable[None]]


class Watching:
    """standing: is changed here alone. boxes: how many are held."""

    def __init__(
        self,
        bus: Bus,
        store: Store,
        standing: NodeStanding,
        let_go: LetGo,
        boxes: Callable[[], int],
    ) -> None:
        self._bus = bus
        self._store = store
        self._standing = standing
        self._let_go = let_go
        self._boxes = boxes
        self._forget_until: float | None = None
        self._going: asyncio.Task[None] | None = None

    @property
    def is_alone(self) -> bool:
        """As of the standing."""
        return self._standing.is_alone

    async def run(self) -> None:
        """Run until cancelled."""
        try:
            while True:
                await asyncio.sleep(_LOOK_S)
                await self._look()
        finally:
            if self._going is not None:
                self._going.cancel()
                await asyncio.gather(self._going, return_exceptions=True)

    async def _look(self) -> None:
        before = self._standing.standing
        now = asyncio.get_running_loop().time()
        if self._bus.has_lease:
            if before is not Standing.MEMBER:
                self._forget_until = now + _FORGET_S
            self._standing.has_lease(now)
            await self._declare(now)
        else:
            await self._read(now)
        if self._standing.standing is not before:
            self._changed()

    async def _declare(self, now: float) -> None:
        try:
            # While the bus does not respond others may write that this node is lost, and have that
            # remembered: they do so about when its lease ends, and it misses the bus before.
            if self._forget_until is not None and self._bus.is_there:
                await self._store.forget_lost(self._bus.node)
                if now >= self._forget_until:
                    self._forget_until = None
            for node in self._bus.undeclared():
                await self._store.declare_lost(node)
                self._bus.declared(node)
                log.info("node lost", node=node)
        except StoreError:
            return  # it is written once the store is back

    async def _read(self, now: float) -> None:
        try:
            is_lost = await self._store.is_lost(self._bus.node)
        except StoreError:
            self._standing.unread(now)
        else:
            self._standing.read(is_lost, now)

    def _changed(self) -> None:
        standing = self._standing.standing
        if self._going is not None:
            self._going.cancel()  # those that are still here may stay
            self._going = None
        if standing is Standing.CUT_OFF:
            log.error("node cut off", boxes=self._boxes())
            self._going = asyncio.ensure_future(self._let_go_all())
        else:
            log.info("node standing", standing=standing.name.lower())

    async def _let_go_all(self) -> None:
        await self._let_go(DRAIN_S)
