"""The DTLS handshake of one link, by OpenSSL, until the data plane goes on with its keys.

Which datagrams are sent again, and when, is in `flights.py`; certificates are in `certificate.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import hashes
from OpenSSL import SSL

from p2claw.dataplane.carrier._records import Records
from p2claw.dataplane.carrier.records import records_of
from p2claw.link.certificate import LinkCertificate
from p2claw.link.flights import Flights

if TYPE_CHECKING:
    from p2claw.link.ice.ice_connection import IceConnection

# Times that our last flight is sent again because the other side has sent its own again.
LAST_FLIGHTS = 8

# Datagrams with packets of the other side's association that come before the handshake is done.
EARLY_DATAGRAMS = 16

# More than any datagram of a handshake.
_DATAGRAM_BYTES = 1500

# RFC 7983 §7: the first byte of a datagram of DTLS. What else comes is none of ours.
_RECORDS = range(20, 64)

# RFC 6347 §4.1: the first byte and the length of a record of packets.
_APPLICATION = 23
_HEADER_BYTES = 13


class Handshake:
    """The handshake of one link."""

    def __init__(self, connection: IceConnection, certificate: LinkCertificate) -> None:
        self._flights = Flights(connection)
        self._certificate = certificate
        # None: it has not begun, it has failed, or its keys have been handed over.
        self._ssl: SSL.Connection | None = None
        self._records: Records | None = None
        self._early: list[bytes] = []

    async def run(self, fingerprint: bytes, *, server: bool) -> bool:
        """Shake hands; returns whether it succeeded.

        fingerprint: SHA-256 of the peer's certificate. server: whether this side waits for the
        ClientHello of the other.
        """
        ssl = self._ssl = SSL.Connection(self._certificate.context)
        if server:
            ssl.set_accept_state()
        else:
            ssl.set_connect_state()
        try:
            while not _is_done(ssl):
                await self._send(ssl)
                await self._receive(ssl)
            await self._send(ssl)
        except SSL.Error:
            await self.stop()  # with the alert that says why
            self._ssl = None
            return False
        except ConnectionError:
            self._ssl = None
            return False
        certificate = ssl.get_peer_certificate(as_cryptography=True)
        if certificate is None or certificate.fingerprint(hashes.SHA256()) != fingerprint:
            self._ssl = None
            return False
        return True

    def hand_over(self) -> tuple[Records, list[bytes]]:
        """Give up the connection; also returns datagrams that came too early for the data plane."""
        assert self._ssl is not None
        self._records, self._ssl = records_of(self._ssl), None
        early, self._early = self._early, []
        return self._records, early

    @property
    def last_flight(self) -> list[bytes]:
        """What was sent last. If it was lost, the other side sends its own again, and waits.

        OpenSSL would send it again only for a flight with new record numbers: one that is repeated
        as it was, as ours are, looks like a replay.
        """
        return self._flights.last

    async def stop(self) -> None:
        """Send goodbye to the other side, if a handshake has begun."""
        if self._records is not None and (goodbye := self._records.goodbye()):
            with contextlib.suppress(ConnectionError):
                await self._flights.send(goodbye)
        if self._ssl is None:
            return
        with contextlib.suppress(SSL.Error):
            self._ssl.shutdown()
        with contextlib.suppress(ConnectionError):
            await self._send(self._ssl)

    async def _receive(self, ssl: SSL.Connection) -> None:
        """Wait for a datagram and read it, but for packets of the association, which are kept.

        Raises ConnectionError, and SSL.Error at goodbye.
        """
        timer_s = ssl.DTLSv1_get_timeout()
        try:
            async with asyncio.timeout(timer_s):
                datagram = await self._flights.receive()
        except TimeoutError:
            # A flight with new record numbers, for a peer that takes repeated ones for a replay.
            ssl.DTLSv1_handle_timeout()
            return
        if not datagram or datagram[0] not in _RECORDS:
            return
        datagram, early = _apart(datagram)
        if early and len(self._early) < EARLY_DATAGRAMS:
            self._early.append(early)
        if not datagram:
            return
        ssl.bio_write(datagram)
        try:
            ssl.recv(_DATAGRAM_BYTES)
        except SSL.ZeroReturnError:
            raise
        except SSL.Error:
            return  # there is no packet in it; what is a fault `do_handshake` raises

    async def _send(self, ssl: SSL.Connection) -> None:
        """Send what OpenSSL has written. Raises ConnectionError."""
        with contextlib.suppress(SSL.Error):
            while datagram := ssl.bio_read(_DATAGRAM_BYTES):
                await self._flights.send(datagram)


def _is_done(ssl: SSL.Connection) -> bool:
    """Go on with the handshake as far as what has come allows. Raises SSL.Error."""
    try:
        ssl.do_handshake()
    except SSL.WantReadError:
        return False
    return True


def _apart(datagram: bytes) -> tuple[bytes, bytes]:
    """The records of a datagram: those of the handshake, and those of packets.

    OpenSSL is given no packet, so that whoever has the keys after it is the first to see each.
    """
    ours, packets, at = b"", b"", 0
    while at < len(datagram):
        length = int.from_bytes(datagram[at + 11 : at + _HEADER_BYTES], "big")
        record = datagram[at : at + _HEADER_BYTES + length]
        if record[0] == _APPLICATION:
            packets += record
        else:
            ours += record
        at += len(record)
    return ours, packets
