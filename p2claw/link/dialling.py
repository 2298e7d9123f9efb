"""The box's side of a direct dial, up to a link: checks that nobody expects.

A check for a ufrag that no link has comes here (docs/WIRE.md §16). Everything in it may be forged,
so nothing is kept before its MESSAGE-INTEGRITY holds. Keys are in `dial_keys.py`; who may have a
link is decided elsewhere.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from p2claw.dataplane.core import _stun
from p2claw.errors import RemoteProtocolError
from p2claw.link.certificate import LinkCertificate
from p2claw.link.dial_keys import Generation
from p2claw.link.knocking import knock_ufrag
from p2claw.token_bucket import TokenBucket
from p2claw.wire.signalling.dialling import DialName

# What has been used is remembered, 150 bytes each. Beyond it a replayed check can begin a link
# again, which nobody can finish without the key of the certificate that it names.
USED = 16_384

_UFRAG_MOST = 256

# Checks of strangers that are read, per second and at once. To find out that one is forged takes
# some 8 µs, and what a line of 1 Gbit/s carries of them takes several cores; to drop one takes
# 0.6 µs. Visitors send theirs again, and offer beside.
CHECKS_PER_S = 1_000
CHECK_BURST = 256


@dataclass(frozen=True, slots=True)
class Dialled:
    """A visitor's first check, found good.

    ufrag, password: the box's side of the link. remote_ufrag: the visitor's. name: what else was in
    its ufrag. data, addr, local_host: the check as it came.
    """

    name: DialName
    ufrag: str
    password: str
    remote_ufrag: str
    certificate: LinkCertificate
    data: bytes
    addr: tuple[str, int]
    local_host: str


class Dialling:
    """Reads the checks of one port. admit: makes a link of a good one; returns whether it did.

    keys: those that its tickets are made with, as they are at each moment. clock, monotonic: of
    Unix seconds, and of the rate of checks. dropped: how many were above that rate.
    """

    def __init__(
        self,
        admit: Callable[[Dialled], bool],
        keys: Mapping[int, Generation],
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.dropped = 0
        self._admit = admit
        self._keys = keys
        self._clock = clock
        self._monotonic = monotonic
        self._checks = TokenBucket(CHECK_BURST, CHECKS_PER_S * 60, monotonic())
        self._used: OrderedDict[bytes, None] = OrderedDict()
        self._knock: tuple[bytes, Callable[[], None]] | None = None

    def expect_knock(self, token: bytes, received: Callable[[], None]) -> None:
        """Call received at each knock of this token, and at no other any more."""
        self._knock = (knock_ufrag(token), received)

    def stun_received(self, data: bytes, addr: tuple[str, int], local_host: str) -> None:
        """A check for a ufrag that is nobody's. Anyone can send it."""
        if self._checks.spend(self._monotonic()):
            self.dropped += 1
            return
        message = _stun.read(data)
        if message is None or message.type != "request" or message.username is None:
            return
        if self._knock is not None and message.username.startswith(self._knock[0]):
            self._knock[1]()
            return
        dialled = self._read(message, data, addr, local_host)
        if dialled is None:
            return
        used = dialled.name.ticket.pack() + dialled.name.fingerprint
        if used in self._used or not self._admit(dialled):
            return
        self._used[used] = None
        if len(self._used) > USED:
            self._used.popitem(last=False)

    def _read(
        self, message: _stun.Message, data: bytes, addr: tuple[str, int], local_host: str
    ) -> Dialled | None:
        """What costs the least comes first: most of what is forged ends before any hash."""
        assert message.username is not None
        ours, colon, theirs = message.username.partition(b":")
        try:
            ufrag, remote_ufrag = ours.decode("ascii"), theirs.decode("ascii")
            name = DialName.unpack(ufrag)
        except (RemoteProtocolError, UnicodeDecodeError):
            return None
        generation = self._keys.get(name.ticket.generation)
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
