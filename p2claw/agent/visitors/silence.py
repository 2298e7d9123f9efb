"""Notices that all visitors have fallen silent at once: then mostly the box's own network failed.

If the NAT in front of the box loses its table, the control connection is dead too, without a sign.
New visitors, and those that look for another link, then wait until the agent has found that out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from p2claw.wire.session.pace import LOOK_S, Doubt, Pace

# All links are counted at each look.
LOOK_LEAST_S = 0.05

# A doubt is a ping to the coordinator, and a check of each link.
DOUBTS_APART_S = 3.0


class Silence:
    """A watch over everything that comes from visitors. `run` in a task of its own.

    received: returns a count that grows with everything received. busy: returns whether a request
    is open. doubt: called once per silence that is longer than the pace while one is open.
    """

    def __init__(
        self, received: Callable[[], int], busy: Callable[[], bool], doubt: Callable[[], None]
    ) -> None:
        self._received = received
        self._busy = busy
        self._doubt = doubt
        self._pace: Pace | None = None  # None: nobody waits

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            pace = self._pace
            await asyncio.sleep(LOOK_S if pace is None else max(LOOK_LEAST_S, pace.look_s))
            self.look(loop.time())

    def look(self, now: float) -> None:
        """Compare the count with the last one, and call doubt if it is time."""
        if not self._busy():
            self._pace = None
            return
        if self._pace is None:
            # That a request has come is the first that is known of its pace.
            self._pace = Pace(DOUBTS_APART_S)
            self._pace.renewed(now)
        if self._pace.look(self._received(), now) is Doubt.PING:
            self._doubt()
