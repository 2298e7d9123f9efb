"""aiortc's DTLS handshake without the parts that only media need; and shared certificates.

Measured: a context of OpenSSL takes 21 KB and 0.4 ms, a certificate 4 KB and 0.2 ms, a pair of SRTP
sessions, which no data channel uses, 10 KB.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, cast

from aiortc import RTCIceTransport
from aiortc.rtcdtlstransport import (
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
    SRTPProtectionProfile,
)
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL

if TYPE_CHECKING:
    from p2claw.link.ice.ice_connection import IceConnection

# In DTLS 1.2 an eavesdropper sees the certificates, and so which links belong to one box. The
# address shows that too, until the box moves.
RENEW_S = 600.0

# Until a flight of the handshake is sent again, and then twice as long each time: twice the round
# trip that a check has measured, within these bounds; the second one if none has.
RESEND_LEAST_S = 0.1
RESEND_FIRST_S = 0.2
RESEND_MOST_S = 1.0

# Times that our last flight is sent again because the other side has sent its own again.
LAST_FLIGHTS = 8

# Of one flight, at most: the longest of ours has a certificate and takes three.
FLIGHT_DATAGRAMS = 8

# Packets of the other side's association that come within the last flight of the handshake.
EARLY_PACKETS = 16


class LinkCertificate(RTCCertificate):
    """A key pair, with one OpenSSL context for all links that use it. sha256: its fingerprint."""

    _context: SSL.Context | None = None

    @property
    def sha256(self) -> bytes:
        value = next(f.value for f in self.getFingerprints() if f.algorithm == "sha-256")
        return bytes.fromhex(value.replace(":", ""))

    def pack(self) -> tuple[bytes, bytes]:
        """Private key and certificate, in DER: for another process of this box."""
        key = self._key.private_bytes(
            serialization.Encoding.DER,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return key, self._cert.public_bytes(serialization.Encoding.DER)

    @classmethod
    def unpack(cls, key: bytes, certificate: bytes) -> LinkCertificate:
        """What `pack` returned, of a process that is trusted."""
        private = serialization.load_der_private_key(key, None)
        assert isinstance(private, ec.EllipticCurvePrivateKey)
        return cls(private, x509.load_der_x509_certificate(certificate))

    def _create_ssl_context(self, srtp_profiles: list[SRTPProtectionProfile]) -> SSL.Context:
        if self._context is None:
            self._context = super()._create_ssl_context(srtp_profiles)
            # Links belong to different visitors: none may resume the TLS session of another, and
            # none is kept after its link has ended. (Tickets are off already.)
            self._context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        return self._context


class SharedCertificate:
    """A certificate for all links that a box opens within RENEW_S."""

    def __init__(self) -> None:
        self._certificate: LinkCertificate | None = None
        self._since_s = 0.0

    def current(self) -> LinkCertificate:
        now_s = time.monotonic()
        if self._certificate is None or now_s - self._since_s >= RENEW_S:
            self._certificate, self._since_s = LinkCertificate.generateCertificate(), now_s
        return self._certificate


class Handshake(RTCDtlsTransport):
    """The handshake of one link.

    It offers SRTP, because some stacks insist, but makes no keys for it. All private names of
    aiortc that links rely on are used in this file.
    """

    def __init__(self, connection: IceConnection, certificate: LinkCertificate) -> None:
        self._datagrams = _Datagrams(connection)
        super().__init__(cast(RTCIceTransport, self._datagrams), [certificate])
        self._early = _EarlyPackets()
        self._register_data_receiver(self._early)

    async def run(self, fingerprint: bytes, *, server: bool) -> bool:
        """Shake hands; returns whether it succeeded.

        fingerprint: SHA-256 of the peer's certificate. server: whether this side waits for the
        ClientHello of the other.
        """
        self._datagrams.role = "controlling" if server else "controlled"
        expected = RTCDtlsFingerprint("sha-256", fingerprint.hex(":"))
        await self.start(RTCDtlsParameters(fingerprints=[expected]))
        return bool(self.state == "connected")

    def hand_over(self) -> tuple[SSL.Connection, list[bytes]]:
        """Give up the connection; also returns packets that came too early for the data plane.

        To be called in the turn of the loop in which `run` returns. aiortc has made a task that
        reads, but that has not run yet. So cancelling it does not end the connection.
        """
        assert self._task is not None and self._ssl is not None
        self._task.cancel()
        return self._ssl, self._early.packets

    @property
    def last_flight(self) -> list[bytes]:
        """What was sent last. If it was lost, the other side sends its own again, and waits.

        OpenSSL would send it again only for a flight with new record numbers: one that is repeated
        as it was, as ours are, looks like a replay.
        """
        return self._datagrams.flight

    def _setup_srtp(self) -> None:
        pass


class _Datagrams:
    """The transport of a handshake: the parts of an RTCIceTransport that aiortc uses.

    role: aiortc makes the controlling side the server of DTLS. Links agree on that in the SDP, so
    this need not be the role of the ICE agent.
    """

    def __init__(self, connection: IceConnection) -> None:
        self.role = "controlled"
        self._connection = connection

        self.flight: list[bytes] = []
        self._is_replied = True
        self._resend_s = RESEND_FIRST_S

    async def _recv(self) -> bytes:
        """What comes next. As long as nothing does, our last flight is sent again.

        OpenSSL waits for 1 s before it does that, browsers for 50 ms. A record that has come is
        dropped by the other side if it comes again; if the flight of the other side was lost, that
        side sends it again by itself.
        """
        while True:
            try:
                received = await asyncio.wait_for(self._connection.recv(), self._resend_s)
            except TimeoutError:
                self._resend_s *= 2
                for datagram in self.flight:
                    await self._connection.send(datagram)
            else:
                self._is_replied = True
                return received

    def _first_s(self) -> float:
        rtt_s = self._connection.rtt_s
        if rtt_s is None:
            return RESEND_FIRST_S
        return min(RESEND_MOST_S, max(RESEND_LEAST_S, 2 * rtt_s))

    async def _send(self, data: bytes) -> None:
        if self._is_replied:
            self.flight, self._is_replied, self._resend_s = [], False, self._first_s()
        if len(self.flight) < FLIGHT_DATAGRAMS:
            self.flight.append(data)
        await self._connection.send(data)


class _EarlyPackets:
    """Keeps packets that the handshake decrypted: the other side may send before we are done."""

    def __init__(self) -> None:
        self.packets: list[bytes] = []

    async def _handle_data(self, data: bytes) -> None:
        if len(self.packets) < EARLY_PACKETS:
            self.packets.append(data)
