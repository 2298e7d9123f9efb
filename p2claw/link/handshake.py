"""aiortc's DTLS handshake without the parts that only media need; and shared certificates.

Measured: a context of OpenSSL takes 21 KB and 0.4 ms, a certificate 4 KB and 0.2 ms, a pair of SRTP
sessions, which no data channel uses, 10 KB.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, cast

from aiortc import RTCIceTransport
from aiortc.rtcdtlstransport import RTCCertificate, RTCDtlsTransport, SRTPProtectionProfile
from OpenSSL import SSL

if TYPE_CHECKING:
    from p2claw.link.ice.ice_connection import IceConnection

# In DTLS 1.2 an eavesdropper sees the certificates, and so which links belong to one box. The
# address shows that too, until the box moves.
RENEW_S = 600.0


class LinkCertificate(RTCCertificate):
    """A key pair, with one OpenSSL context for all links that use it. sha256: its fingerprint."""

    _context: SSL.Context | None = None

    @property
    def sha256(self) -> bytes:
        value = next(f.value for f in self.getFingerprints() if f.algorithm == "sha-256")
        return bytes.fromhex(value.replace(":", ""))

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

    It offers SRTP, because some stacks insist, but makes no keys for it.
    """

    def __init__(self, connection: IceConnection, certificate: LinkCertificate) -> None:
        # With the role set, it calls only `_recv` and `_send` of its transport.
        super().__init__(cast(RTCIceTransport, connection), [certificate])

    def _setup_srtp(self) -> None:
        pass
