"""Visits and addresses: what visitors can make a coordinator do."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address

from bench.costs import Case
from p2claw.config import ServerLimits
from p2claw.coord.rate_limits import RateLimit
from p2claw.coord.rendezvous import Rendezvous
from p2claw.coord.visit import VisitRequest
from p2claw.wire.signalling import VisitOffer

KEY = bytes(range(32))
ALIAS = "purplecrab"


def visited() -> Rendezvous:
    """A coordinator with one box."""
    rendezvous = Rendezvous(ServerLimits(visits=1_000_000))
    rendezvous.box_online(1, KEY, ALIAS, ("dog",))
    rendezvous.box_announced(1, ("dog",))
    return rendezvous


def offers_to_one_box(n: int) -> Callable[[], None]:
    """n visitors are introduced to a box, and then each of them offers."""
    rendezvous = visited()
    for i in range(n):
        rendezvous.visit(VisitRequest(str(i), ALIAS, "dog", True), 0.0)

    def run() -> None:
        for i in range(n):
            rendezvous.from_visitor(str(i), VisitOffer("offer"), 0.0)
            while rendezvous.next_effect() is not None:
                pass

    return run


def visits_that_go(n: int) -> Callable[[], None]:
    """n visits that begin and end before they are due."""
    rendezvous = visited()

    def run() -> None:
        for i in range(n):
            rendezvous.visit(VisitRequest(str(i), ALIAS, "dog", True), 0.0)
            rendezvous.visitor_gone(str(i))
            rendezvous.next_timeout()
            while rendezvous.next_effect() is not None:
                pass

    return run


def addresses(n: int) -> Callable[[], None]:
    """Everybody comes from another address, above what is remembered."""
    limit = RateLimit(60, 60.0, n // 2)
    known = [IPv4Address(i) for i in range(n)]

    def run() -> None:
        for i, address in enumerate(known):
            limit.spend(address, float(i))

    return run


CASES = {
    "offers to one box": Case(1_000, offers_to_one_box),
    "visits that go": Case(4_000, visits_that_go),
    "addresses that ask": Case(8_000, addresses),
}
