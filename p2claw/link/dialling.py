"""The box's side of a direct dial, up to a link: tickets, and checks that nobody expects.

A check for a ufrag that no link has comes here (docs/WIRE.md §16). Everything in it may be forged,
so nothing is kept before its MESSAGE-INTEGRITY holds. Who may have a link is decided elsewhere.
"""

from __future__ import annotations

import os
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from p2claw.dataplane.core import _stun
from p2claw.errors import RemoteProtocolError
from p2claw.link.handshake import LinkCertificate
from p2claw.wire.signalling.dialling import (
    ADDRESSES,
    KEY_BYTES,
    NONCE_BYTES,
    Descriptor,
    DialName,
    Ticket,
)

# A descriptor is good for so long, and another is made when half of it has passed. A visitor keeps
# one no longer than that; it shows in the certificate which links belong to one box.
LIFE_S = 3600.0
RENEW_S = LIFE_S / 2

# What has been used is remembered, 150 bytes each. Beyond it a replayed check can begin a link
# again, which nobody can finish without the key of the certificate that it names.
USED = 16_384

_UFRAG_MOST = 256


@dataclass(frozen=True, slots=True)
class Dialled:
    """A visitor's first check, found good.

    ufrag, password: the box's side of the link. remote_ufrag: the visitor's. name: what else it
    said. data, addr, local_host: the check as it came.
    """

    name: DialName
    ufrag: str
    password: str
    remote_ufrag: str
    certificate: LinkCertificate
    data: bytes
    addr: tuple[str, int]
    local_host: str


@dataclass(frozen=True, slots=True)
class _Generation:
    """One key, and the certificate that its descriptors name, until the last ticket expires."""

    number: int
    key: bytes
    certificate: LinkCertificate
    made_s: float
    expires_s: int


class Dialling:
    """The tickets of one port. admit: makes a link of a good check; returns whether it did."""

    def __init__(
        self, admit: Callable[[Dialled], bool], *, clock: Callable[[], float] = time.time
    ) -> None:
        self._admit = admit
        self._clock = clock
        self._generations: dict[int, _Generation] = {}
        self._newest: _Generation | None = None
        self._used: OrderedDict[bytes, None] = OrderedDict()

    def descriptor(self, addresses: Iterable[tuple[str, int]]) -> Descriptor:
        """How to dial a box that is at these addresses, from now on and for RENEW_S at least."""
        generation = self._current()
        nonce = os.urandom(NONCE_BYTES)
        ticket = Ticket(generation.number, generation.expires_s, nonce)
        return Descriptor(
            ticket,
            ticket.password(generation.key),
            generation.certificate.sha256,
            tuple(addresses)[:ADDRESSES],
        )

    def stun_received(self, data: bytes, addr: tuple[str, int], local_host: str) -> None:
        """A check for a ufrag that is nobody's. Anyone can send it."""
        dialled = self._read(data, addr, local_host)
        if dialled is None:
            return
        used = dialled.name.ticket.pack() + dialled.name.fingerprint
        if used in self._used or not self._admit(dialled):
            return
        self._used[used] = None
        if len(self._used) > USED:
            self._used.popitem(last=False)

    def _read(self, data: bytes, addr: tuple[str, int], local_host: str) -> Dialled | None:
        """What costs the least comes first: most of what is forged ends before any hash."""
        message = _stun.read(data)
        if message is None or message.type != "request" or message.username is None:
            return None
        ours, colon, theirs = message.username.partition(b":")
        try:
            ufrag, remote_ufrag = ours.decode("ascii"), theirs.decode("ascii")
            name = DialName.unpack(ufrag)
        except (RemoteProtocolError, UnicodeDecodeError):
            return None
        generation = self._generations.get(name.ticket.generation)
        if generation is None or not colon or not 4 <= len(remote_ufrag) <= _UFRAG_MOST:
            return None
        if name.ticket.is_expired(self._clock()):
            return None
        password = name.ticket.password(generation.key)
        if message.role != "controlling" or not message.verify(password.encode()):
            return None
        return Dialled(
            name, ufrag, password, remote_ufrag, generation.certificate, data, addr, local_host
        )

    def _current(self) -> _Generation:
        now_s = self._clock()
        newest = self._newest
        if newest is None or not 0 <= now_s - newest.made_s < RENEW_S:
            # RENEW_S and LIFE_S leave two keys at once; the number of one that is gone is free.
            number = 0 if newest is None else (newest.number + 1) % 256
            newest = _Generation(
                number,
                os.urandom(KEY_BYTES),
                LinkCertificate.generateCertificate(),
                now_s,
                int(now_s + LIFE_S),
            )
            self._generations = {n: g for n, g in self._generations.items() if g.expires_s > now_s}
            self._generations[number] = self._newest = newest
        return newest
