"""Which pairs of NATs can open a direct link, by RFC 5128 and RFC 8445, and which need a relay."""

from __future__ import annotations

from typing import Literal

from tests.lab.nats import NATS, Filtering, Mapping, Nat

Outcome = Literal["direct", "relayed", "failed"]

# The IPv4 packets that both browsers fill as soon as they have more to send, on any path: 1188 of
# SCTP + 37 DTLS + 8 UDP + 20. They search for no other size, so that a path that carries less and
# does not report it never carries them.
BROWSER_PACKET_BYTES = 1253

# Both ends of such a pair may lose the race that the first packet of the other begins: the
# router's table then holds the mapping for a packet that it refused.
_RACES = {"masquerade"}


def expected(visitor: str, box: str, *, relays: bool) -> set[Outcome]:
    """The outcomes that are right, for kinds of `NATS`; one, unless chance decides."""
    other: Outcome = "relayed" if relays else "failed"
    if visitor in _RACES and box in _RACES | {"symmetric"}:
        return {"direct", other}
    if box in _RACES and visitor == "symmetric":
        return {"direct", other}
    return {"direct"} if _opens(NATS[visitor], NATS[box]) else {other}


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
