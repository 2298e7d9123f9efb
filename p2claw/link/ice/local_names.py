"""Resolves the `.local` names that browsers put in place of their addresses, in the background.

A name resolves only on the visitor's own network. Nothing waits for it: a candidate whose name does
not resolve in time is dropped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aioice import Candidate

from p2claw.link.ice.late_mdns import is_mdns_hostname
from p2claw.log import get_log

log = get_log("link")

RESOLVE_TIMEOUT_S = 3.0

# A browser has one name per address. More lookups would let a visitor flood the box's network.
NAMES = 4


def is_local_name(host: str) -> bool:
    """Whether a candidate's address is a multicast DNS name."""
    return is_mdns_hostname(host) or host.lower().rstrip(".").endswith(".local")


class LocalNames:
    """Resolves the names of one link's peer.

    on_resolved: called with a candidate and its address.
    """

    def __init__(self, on_resolved: Callable[[Candidate, str], None]) -> None:
        self._on_resolved = on_resolved
        self._tasks: set[asyncio.Task[None]] = set()
        self._asked = 0

    @property
    def pending(self) -> int:
        """How many names are being looked up."""
        return len(self._tasks)

    def resolve(self, candidate: Candidate) -> None:
        """Look the name up in a task of its own; dropped when the peer has sent enough names."""
        if self._asked >= NAMES or not is_mdns_hostname(candidate.host):
            return
        self._asked += 1
        task = asyncio.get_running_loop().create_task(self._resolve(candidate))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _resolve(self, candidate: Candidate) -> None:
        from aioice.mdns import MDnsProtocol, create_mdns_protocol

        protocol: MDnsProtocol | None = None
        try:
            async with asyncio.timeout(2 * RESOLVE_TIMEOUT_S):
                protocol = await create_mdns_protocol()
                address = await protocol.resolve(candidate.host, timeout=RESOLVE_TIMEOUT_S)
        except (OSError, TimeoutError) as error:
            # No multicast here, or port 5353 is taken by someone who does not share it.
            log.debug("local name not asked", error=error)
            return
        finally:
            # Its own `close` waits for a future, which a cancellation of this task cancels too: the
            # end of the socket would then find it done, and put a stack trace on the log.
            if protocol is not None:
                protocol.transport.close()
        if address is not None:
            self._on_resolved(candidate, address)
