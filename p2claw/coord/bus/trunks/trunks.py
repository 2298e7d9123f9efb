"""The trunks of this node: one to each that it sends to, and the port where others come in."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

from p2claw.coord.bus.trunks.frames import Batch
from p2claw.coord.bus.trunks.identity import Announced, Identity
from p2claw.coord.bus.trunks.listening import Listening, Look, OnBatch
from p2claw.coord.bus.trunks.trunk import Trunk

# When this node ends: for how long what it has sent may be acknowledged.
END_S = 0.5
_LOOK_S = 0.02


class Trunks:
    """bound: where it listens. host: as others reach it. look: what Redis has of a node.

    last, on_batch: of `Listening`. on_open, on_lost: of `Trunk`.
    """

    def __init__(
        self,
        node: str,
        bound: socket.socket,
        host: str,
        look: Look,
        last: Callable[[str], int],
        on_batch: OnBatch,
    ) -> None:
        self.on_open: Callable[[str], None] = lambda node: None
        self.on_lost: Callable[[str, list[Batch]], None] = lambda node, batches: None
        self._bound = bound
        self._identity = Identity(node)
        self._look = look
        self._listening = Listening(self._identity, look, last, on_batch)
        self._trunks: dict[str, Trunk] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._is_closed = False
        self._accepting: asyncio.Task[None] | None = None
        self.announced = Announced(host, bound.getsockname()[1], self._identity.certificate)

    def start(self) -> None:
        """Listen; before it is announced."""
        self._accepting = asyncio.get_running_loop().create_task(self._listening.run(self._bound))

    def is_open(self, node: str) -> bool:
        """Whether a batch would go by a trunk. Where it would not, one is opened."""
        return not self._is_closed and self._of(node).is_open

    def send(self, node: str, batch: Batch) -> bool:
        """As of `Trunk`."""
        return self._of(node).send(batch)

    def keep(self, node: str, batch: Batch) -> None:
        """As of `Trunk`."""
        if not self._is_closed:
            self._of(node).keep(batch)

    def open_ones(self) -> int:
        """How many nodes are reached directly."""
        return sum(trunk.is_open for trunk in self._trunks.values())

    async def close(self) -> None:
        """End all; what has not been acknowledged soon is for the streams."""
        deadline = asyncio.get_running_loop().time() + END_S
        open_ones = [trunk for trunk in self._trunks.values() if trunk.is_open]
        while any(t.waits and t.is_open for t in open_ones):
            if asyncio.get_running_loop().time() >= deadline:
                break
            await asyncio.sleep(_LOOK_S)
        for trunk in open_ones:
            if trunk.waits:
                trunk.lose("this server ends")
        self._is_closed = True
        running = [*self._tasks.values(), *((self._accepting,) if self._accepting else ())]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        self._bound.close()

    def _of(self, node: str) -> Trunk:
        trunk = self._trunks.get(node)
        if trunk is None:
            trunk = self._trunks[node] = Trunk(
                node, self._identity, self._look, lambda n: self.on_open(n), self._lost
            )
            task = self._tasks[node] = asyncio.get_running_loop().create_task(trunk.run())
            task.add_done_callback(lambda _: self._forget(node))
        return trunk

    def _lost(self, node: str, batches: list[Batch]) -> None:
        self.on_lost(node, batches)

    def _forget(self, node: str) -> None:
        self._trunks.pop(node, None)
        self._tasks.pop(node, None)
