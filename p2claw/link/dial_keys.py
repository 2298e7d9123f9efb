"""The keys by which a box is dialled: one after the other, each with the certificate of its links.

Whoever has a key makes tickets with it, and knows a good one. Tickets and descriptors are bytes of
`wire/signalling/dialling.py`; the checks that bring a ticket back are read in `dialling.py`.
"""

from __future__ import annotations

import hmac
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from p2claw.link.certificate import LinkCertificate
from p2claw.wire.signalling.dialling import (
    ADDRESSES,
    KEY_BYTES,
    NONCE_BYTES,
    Descriptor,
    Ticket,
)

# A descriptor is good for so long, and another is made when half of it has passed. A visitor keeps
# one no longer than that; it shows in the certificate which links belong to one box.
LIFE_S = 3600.0
RENEW_S = LIFE_S / 2


@dataclass(frozen=True, slots=True)
class Generation:
    """One key, and the certificate that its descriptors name, until the last ticket expires.

    made_s, expires_s: Unix seconds.
    """

    number: int
    key: bytes
    certificate: LinkCertificate
    made_s: float
    expires_s: int

    def at(self, place: int) -> Generation:
        """The same for the process of this number alone: its tickets are good at no other.

        So a check that was overheard is worth nothing at another port, and no process can make
        tickets for another.
        """
        key = hmac.digest(self.key, b"p2claw/1 place\0" + place.to_bytes(2, "big"), "sha256")
        return replace(self, key=key)

    def descriptor(self, addresses: Iterable[tuple[str, int]], place: int = 0) -> Descriptor:
        """How to dial at these addresses, with a new ticket.

        place: of the process that is meant, where several share a port. The first six bits of the
        nonce name it, so that a check finds its way (docs/WIRE.md §16).
        """
        nonce = bytearray(os.urandom(NONCE_BYTES))
        nonce[0] = place << 2 | nonce[0] & 3
        ticket = Ticket(self.number, self.expires_s, bytes(nonce))
        return Descriptor(
            ticket,
            ticket.password(self.key),
            self.certificate.sha256,
            tuple(addresses)[:ADDRESSES],
        )


class DialKeys:
    """The generations that are good now, by their numbers; a new one is made every RENEW_S."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.generations: dict[int, Generation] = {}
        self._clock = clock
        self._newest: Generation | None = None

    def current(self) -> Generation:
        """The newest. It is good for RENEW_S at least."""
        now_s = self._clock()
        newest = self._newest
        if newest is None or not 0 <= now_s - newest.made_s < RENEW_S:
            # RENEW_S and LIFE_S leave two keys at once; the number of one that is gone is free.
            number = 0 if newest is None else (newest.number + 1) % 256
            newest = Generation(
                number,
                os.urandom(KEY_BYTES),
                LinkCertificate.new(),
                now_s,
                int(now_s + LIFE_S),
            )
            for old in [n for n, g in self.generations.items() if g.expires_s <= now_s]:
                del self.generations[old]
            self.generations[number] = self._newest = newest
        return newest
