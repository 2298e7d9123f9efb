"""Candidates for public addresses: others reach this machine there, and it does not have them.

A cloud machine with a private address, or one behind a forwarded port, knows of no other without a
STUN server. Only a visitor's check proves such an address. A wrong one costs a few packets.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from aioice import Candidate
from aioice.candidate import candidate_foundation, candidate_priority

from p2claw.link.ice.candidates import COMPONENT


def public_candidates(
    public: Iterable[tuple[str, int]], hosts: Iterable[Candidate]
) -> list[Candidate]:
    """One for each public address and port that is no host candidate already.

    hosts: the host candidates, the best first. A public address has the base of the best one of its
    family (RFC 8445 §5.1.1.2); without one of that family nothing could be sent from there.
    """
    hosts = list(hosts)
    found: list[Candidate] = []
    known = {(ipaddress.ip_address(c.host), c.port) for c in hosts}
    for text, port in public:
        address = ipaddress.ip_address(text)
        base = next((c for c in hosts if _version(c) == address.version), None)
        if base is None or (address, port) in known:
            continue
        known.add((address, port))
        preference = base.priority >> 8 & 0xFFFF  # RFC 8445 §5.1.2.1: the middle 16 bits
        found.append(
            Candidate(
                foundation=candidate_foundation("srflx", "udp", base.host),
                component=COMPONENT,
                transport="udp",
                priority=candidate_priority(COMPONENT, "srflx", preference),
                host=text,
                port=port,
                type="srflx",
                related_address=base.host,
                related_port=base.port,
            )
        )
    return found


def _version(candidate: Candidate) -> int:
    return ipaddress.ip_address(candidate.host).version
