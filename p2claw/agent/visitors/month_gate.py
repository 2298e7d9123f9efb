"""Holds requests to apps that have used up what they may move in a month, in one process.

Which these are is decided in `agent/usage.py`, for all processes together.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping

from p2claw.agent.access import pages
from p2claw.agent.access.entrance import is_page
from p2claw.agent.access.own_requests import respond
from p2claw.agent.http.fields import Visit
from p2claw.agent.http.under_way import UnderWay
from p2claw.agent.request_faults import MonthUsedUpFault
from p2claw.link.stream import BoxStream


class MonthGate:
    """The gate before all apps of a process; most are open. under_way: all requests of it.

    until: of each app that is closed, Unix seconds.
    """

    def __init__(
        self, under_way: Iterable[UnderWay], *, wall_s: Callable[[], float] = time.time
    ) -> None:
        self._wall_s = wall_s
        self.until: Mapping[str, float] = {}
        self._under_way = under_way

    def close(self, until: Mapping[str, float]) -> None:
        """These apps are closed, until Unix seconds; all others are open. What is under way at one
        that is closed ends."""
        self.until = until
        for under_way in self._under_way:
            app = under_way.route.app if under_way.route is not None else ""
            if app in until:
                under_way.end(_used_up(app, math.ceil(until[app] - self._wall_s())))

    def is_open(self, app: str) -> bool:
        """Whether requests of this app pass."""
        return app not in self.until

    async def enter(self, stream: BoxStream, visit: Visit) -> bool:
        """Whether a request may pass; a person has got a page if not.

        Raises MonthUsedUpFault for what is no page, or the errors of the stream.
        """
        if self.is_open(visit.app):
            return True
        until_s = self.until[visit.app]
        retry_s = math.ceil(max(until_s - self._wall_s(), 1))
        request = stream.request
        if not is_page(request.fields, request.method):
            raise _used_up(visit.app, retry_s)
        page = pages.month_page(visit.app, visit.names.alias, until_s, retry_s)
        fields = (*pages.LINK_FIELDS, ("retry-after", str(retry_s)))
        await respond(stream, MonthUsedUpFault.status, fields, page)
        return False


def _used_up(app: str, retry_s: int) -> MonthUsedUpFault:
    fault = MonthUsedUpFault(f"{app} has moved as much as it may this month")
    fault.retry_s = max(retry_s, 1)
    return fault
