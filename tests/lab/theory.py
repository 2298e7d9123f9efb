"""Which pairs of NATs can open a direct link, by RFC 5128 and RFC 8445, and which need a relay."""

from __future__ import annotations

from typing import Literal

from tests.lab.nats import NATS, Filtering, Mapping, Nat

Outcome = Literal["direct", "relayed", "failed"]

# The IPv4 packets that both browsers fill as soon as they have more to send, on any path: 1188 of
# SCTP + 37 DTLS + 8 UDP + 20. They search for no other size, so that a path that carries less and
# does not report it never carries them.
BROWSER_PACKET_BYTES = 1253

# If a packet of the other side comes before the host behind has sent one there, the router's table
# keeps the mapping for it. Box and `fetch` see to it that none does; with a browser one may, and
# then only a side that lets in whatever comes is reached. Symmetric NATs are let in or not by the
# order in which checks come, whoever visits.
_RACES = {"masquerade"}


def expected(visitor: str, box: str, *, relays: bool, by: str = "fetch") -> set[Outcome]:
    """The outcomes that are right, for kinds of `NATS`; one, unless chance decides.

    by: fetch, or a browser.
    """
    other: Outcome = "relayed" if relays else "failed"
    if _may_race(visitor, box, by) or _may_race(box, visitor, by):
        return {"direct", other}
    return {"direct"} if _opens(NATS[visitor], NATS[box]) else {other}


def _may_race(one: str, other: str, by: str) -> bool:
    """Whether the order of the first packets decides whether one is reached."""
    if one not in _RACES:
        return False
    if other == "symmetric":
        return True
    is_open = NATS[other].filtering is Filtering.ENDPOINT_INDEPENDENT
    return by != "fetch" and not is_open and _opens(NATS[one], NATS[other])


def stalls(visitor: str, box: str, by: str) -> bool:
    """Whether an upload stands still for good, where all else works. by: fetch, or a browser."""
    mtu_bytes = min(NATS[visitor].mtu_bytes, NATS[box].mtu_bytes)
    return by != "fetch" and mtu_bytes < BROWSER_PACKET_BYTES


def _opens(one: Nat, other: Nat) -> bool:
    if one.ipv6 and other.ipv6:
        return True
    if not (one.ipv4 and other.ipv4):
        return False
    if Filtering.ALL in (one.filtering, other.filtering):
        return False
    return _reached(one, other) and _reached(other, one)


def _reached(one: Nat, other: Nat) -> bool:
    """Whether a packet of one passes the other's filter. An address that is not known before it
    is seen can be let in by its host alone."""
    return one.mapping is not Mapping.ADDRESS_AND_PORT or other.filtering in (
        Filtering.ENDPOINT_INDEPENDENT,
        Filtering.ADDRESS,
    )
