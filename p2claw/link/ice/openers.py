"""Opens our own NAT towards an address of the other side, before anything of ours reaches the other
side's NAT.

A plain Linux router (masquerade, and nothing that drops what comes in) notes an early packet from
outside as a connection of its own. What the host behind then sends to the same place gets another
port, which the other side neither knows nor lets in. So the first packet towards a NAT dies on its
way there: it opens ours, and the other side is the first to send through its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aioice import Candidate, stun

from p2claw.link.ice.check_socket import CheckSocket

# Routers that pass an opener on: those of a home and of its provider, which may have NATs, and none
# of the far end. Paths across the Internet have about ten and more.
HOPS = 4

# So long a box waits with its checks to a NAT, if no check has come from there: until the visitor
# has heard of the box's outer address and sent something there. Counted from the beginning, and
# again from when that address is named.
BOX_WAIT_S = 0.15

# The same for a visitor, counted from when its own outer address is named. The answer is a round
# trip of the coordinator younger than the offer, so that this has mostly passed when it comes.
VISITOR_WAIT_S = 0.05

_OPENER = bytes(stun.Message(stun.Method.BINDING, stun.Class.INDICATION))


class Openers:
    """The openers of one link, and which candidates of the other side wait for theirs.

    begin: pairs and checks a candidate. is_visitor: the other side is a box, which has the offer
    before the visitor has the answer.
    """

    def __init__(self, begin: Callable[[Candidate, str], None], *, is_visitor: bool) -> None:
        self._begin = begin
        self._loop = asyncio.get_running_loop()
        self._wait_s = VISITOR_WAIT_S if is_visitor else BOX_WAIT_S
        self._until = self._loop.time() + (0 if is_visitor else self._wait_s)
        self._keeps_port = True
        self._is_named = False
        self._unopened: list[tuple[CheckSocket, tuple[str, int]]] = []
        self._waiting: list[tuple[Candidate, str]] = []
        self._timer: asyncio.TimerHandle | None = None

    def named(self, candidate: Candidate) -> None:
        """The other side gets this outer address of ours.

        If its port is another than inside, the NAT perhaps gives ports by whom it talks to. Then
        nothing gets in but in reply to our checks, which do not wait.
        """
        self._until = self._loop.time() + self._wait_s
        self._keeps_port = candidate.port == candidate.related_port
        self._is_named = True
        self._open()

    @property
    def waiting(self) -> int:
        """How many candidates wait."""
        return len(self._waiting)

    def send(self, sockets: tuple[object, ...], candidate: Candidate) -> None:
        """Open our NAT towards a candidate, from these sockets of the link, if it is behind one.

        Not before the STUN server has named our outer address: many a NAT gives a socket the port
        again that it had for its first packet, and it has to be the one that the server sees.
        """
        if not is_behind_nat(candidate):
            return
        target = (candidate.host, candidate.port)
        self._unopened += [(one, target) for one in sockets if isinstance(one, CheckSocket)]
        if self._is_named:
            self._open()

    def holds(self, candidate: Candidate, address: str) -> bool:
        """Whether `begin` is called later; its caller then has nothing to do."""
        now = self._loop.time()
        if not is_behind_nat(candidate) or not self._keeps_port or now >= self._until:
            return False
        self._waiting.append((candidate, address))
        if self._timer is None:
            self._timer = self._loop.call_at(self._until, self._release)
        return True

    def close(self) -> None:
        self._waiting.clear()
        if self._timer is not None:
            self._timer.cancel()

    def _open(self) -> None:
        unopened, self._unopened = self._unopened, []
        for socket, target in unopened:
            socket.send_near(_OPENER, target, HOPS)

    def _release(self) -> None:
        self._timer = None
        if self._keeps_port and self._loop.time() < self._until:
            self._timer = self._loop.call_at(self._until, self._release)
            return
        waiting, self._waiting = self._waiting, []
        for candidate, address in waiting:
            self._begin(candidate, address)


def is_behind_nat(candidate: Candidate) -> bool:
    """Whether a candidate is what a NAT has made of an address. IPv6 has firewalls instead."""
    return candidate.type == "srflx" and ":" not in candidate.host
