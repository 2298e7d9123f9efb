"""Makes known to the other nodes which boxes are connected here. Without a bus it does nothing."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from p2claw.coord.bus import locating
from p2claw.coord.bus.base import Bus, BusError
from p2claw.coord.bus.leases import Tenure, Tenures
from p2claw.coord.bus.locating import Facts
from p2claw.coord.online_boxes import OnlineBox, OnlineBoxes
from p2claw.coord.store.base import BoxRecord
from p2claw.log import get_log

log = get_log("coordinator")

# Entries are written anew so often, all of them: what a failover has lost is there again by then.
SWEEP_S = 900.0
# When all are written anew, so many at once.
_AT_ONCE = 32


class Presence:
    """on_superseded: called with a connection whose box has registered at another node."""

    def __init__(
        self, bus: Bus | None, boxes: OnlineBoxes, on_superseded: Callable[[int], None]
    ) -> None:
        self._bus = bus
        self._boxes = boxes
        self._on_superseded = on_superseded
        self._tenures = Tenures()
        self._unreleased: dict[str, int] = {}
        self._jobs: asyncio.Queue[Callable[[], Awaitable[None]]] = asyncio.Queue()
        self.leaves_entries = False
        """Set while this node is drained: its boxes are not offline, but about to be elsewhere."""

    async def acquire(self, record: BoxRecord) -> int:
        """The token of a box that registers now; 0: the bus is silent, and is asked later."""
        if self._bus is None:
            return 0
        facts = Facts(record.public_key, record.quota.relay)
        try:
            return await self._bus.acquire(record.key_alias, _aliases(record), facts)
        except BusError:
            return 0

    def begin(self, connection: int, record: BoxRecord, token: int) -> None:
        """The box is online here. token: of `acquire`."""
        if self._bus is not None:
            self._unreleased.pop(record.key_alias, None)
            self._tenures.begin(Tenure(connection, record.key_alias, token))

    def give_back(self, record: BoxRecord, token: int) -> None:
        """The box is not online here after all. token: of `acquire`."""
        if self._bus is not None and token:
            tenure = Tenure(0, record.key_alias, token)
            self._jobs.put_nowait(lambda: self._release(tenure))

    def changed(self, connection: int) -> None:
        """What visitors need to know of this box is another than before."""
        if self._tenures.of(connection) is not None:
            self._jobs.put_nowait(lambda: self._write(connection))

    def changed_of(self, public_key: bytes) -> None:
        """As `changed`, for the box with this key, if it is connected here."""
        box = self._boxes.of_key(public_key)
        if box is not None:
            self.changed(box.connection)

    def end(self, connection: int, *, let_go: bool = False) -> None:
        """The control connection is over. let_go: by this node, which sent the box elsewhere: until
        it can be there its entry stays, for as long as nobody is to call it offline.
        """
        tenure = self._tenures.end(connection)
        if tenure is not None and tenure.token and not self.leaves_entries:
            if let_go:
                self._leave(tenure)
                return
            self._jobs.put_nowait(lambda: self._release(tenure))
            # Two connections of a box that came at once may have become online in the other order
            # than they got their tokens: then the higher one has just been taken back.
            for other in self._tenures.connections(tenure.key_alias):
                self.changed(other)

    def _leave(self, tenure: Tenure) -> None:
        assert self._bus is not None, "only with a bus are there tenures"
        leaving = self._bus.leaving

        def release() -> None:
            leaving.discard(tenure.key_alias)
            self._jobs.put_nowait(lambda: self._release(tenure))

        leaving.add(tenure.key_alias)
        asyncio.get_running_loop().call_later(locating.RETURN_S, release)

    def replaced(self, key_alias: str, token: int) -> None:
        """Another node has this box now, by this token."""
        for connection in self._tenures.superseded(key_alias, token):
            self._on_superseded(connection)

    async def run(self) -> None:
        """Write what changed, and from time to time everything, until cancelled."""
        if self._bus is None:
            return
        sweep = asyncio.get_running_loop().create_task(self._sweep())
        try:
            while True:
                job = await self._jobs.get()
                with contextlib.suppress(BusError):  # `back` writes it, once the bus is there
                    await job()
        finally:
            sweep.cancel()
            await asyncio.gather(sweep, return_exceptions=True)

    async def back(self) -> None:
        """Write every box of this node, because the bus may have forgotten it. Raises BusError."""
        connections = [tenure.connection for tenure in self._tenures]
        for at in range(0, len(connections), _AT_ONCE):
            await asyncio.gather(*map(self._write, connections[at : at + _AT_ONCE]))
        for key_alias, token in tuple(self._unreleased.items()):
            await self._release(Tenure(0, key_alias, token))
        log.info("boxes made known", boxes=len(connections))

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            with contextlib.suppress(BusError):
                await self.back()

    async def _write(self, connection: int) -> None:
        bus, tenure, box = self._bus, self._tenures.of(connection), self._boxes.at(connection)
        if bus is None or tenure is None or box is None:
            return
        aliases = (box.alias, *box.others, *box.later)
        if not tenure.token:
            token = await bus.acquire(box.key_alias, aliases, facts_of(box))
            tenure = Tenure(connection, box.key_alias, token)
            if self._tenures.of(connection) is not None:
                self._tenures.begin(tenure)
        else:
            higher = await bus.put(box.key_alias, aliases, tenure.token, facts_of(box))
            if higher:
                self.replaced(box.key_alias, higher)
                return
        if self._tenures.of(connection) is None and not self.leaves_entries:
            await self._release(tenure)  # it ended meanwhile

    async def _release(self, tenure: Tenure) -> None:
        assert self._bus is not None, "only with a bus are there tenures"
        self._unreleased[tenure.key_alias] = tenure.token
        await self._bus.release(tenure.key_alias, tenure.token)
        if self._unreleased.get(tenure.key_alias) == tenure.token:
            del self._unreleased[tenure.key_alias]


def facts_of(box: OnlineBox) -> Facts:
    """What is made known of a box."""
    dials = tuple((dial.signature, dial.descriptor) for dial in box.dials)
    return Facts(box.public_key, box.quota.relay, dials)


def _aliases(record: BoxRecord) -> tuple[str, ...]:
    return (record.alias, *record.others, *record.later_key_aliases)
