"""Which UDP ports of a box strangers reach, as the knocks of the coordinator show it. Pure.

A firewall that lets one port in, and not that of a second worker, costs every second visitor who
dials a wait, and some of them the visit. Nothing of that shows on the box, so the coordinator is
asked to knock (docs/WIRE.md §16).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from p2claw.link.knocking import TOKEN_BYTES
from p2claw.log import get_log

log = get_log("agent")


class Knocks:
    """The ports of all processes that serve visitors, each by the number of its process."""

    def __init__(self) -> None:
        self._is_open: dict[int, bool] = {}
        self._token = b""
        self._asked: dict[int, int] = {}
        self._received: set[int] = set()

    @property
    def token(self) -> bytes:
        """Of the knocks that are expected; empty: of none."""
        return self._token

    def is_open(self, number: int) -> bool | None:
        """Whether strangers reach the port of this process; None: nobody knows."""
        return self._is_open.get(number)

    @property
    def is_any_closed(self) -> bool:
        return not all(self._is_open.values())

    def begin(self, ports: Mapping[int, int]) -> bytes:
        """Knocks at these ports are asked for; returns the token that they will have."""
        self._token, self._asked, self._received = os.urandom(TOKEN_BYTES), dict(ports), set()
        return self._token

    def received(self, number: int, token: bytes) -> None:
        """A knock has come to the port of this process."""
        if token and token == self._token:
            self._received.add(number)

    def over(self, token: bytes, knocked: Iterable[int]) -> bool:
        """All knocks have had their time. knocked: the ports that the coordinator knocked at.

        Returns whether another port is open than before.
        """
        if token != self._token:
            return False
        at = set(knocked)
        found = {n: n in self._received for n, port in self._asked.items() if port in at}
        changed = {n for n, is_open in found.items() if self._is_open.get(n) is not is_open}
        for number in sorted(changed):
            port = self._asked[number]
            if not found[number]:
                log.warning("udp port closed", worker=number, port=port)
            elif number in self._is_open:
                log.info("udp port open", worker=number, port=port)
        # One that is found open the first time was dialled already.
        is_news = any(not found[n] or n in self._is_open for n in changed)
        self._is_open = {n: was for n, was in self._is_open.items() if n in self._asked} | found
        return is_news
