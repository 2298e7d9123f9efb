"""The certificates of links: the key pair that a DTLS handshake proves, and its OpenSSL context.

Measured: a context of OpenSSL takes 21 KB and 0.4 ms, a certificate 4 KB and 0.2 ms. So all links
of a certificate share its context.
"""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from OpenSSL import SSL

# In DTLS 1.2 an eavesdropper sees the certificates, and so which links belong to one box. The
# address shows that too, until the box moves.
RENEW_S = 600.0

# Nobody looks at these days: the signalling names the certificate itself. Clocks may differ by one.
_VALID = timedelta(days=30)
_VALID_BEFORE = timedelta(days=1)

# RFC 8827 §6.5: every WebRTC stack has the first one. The others are for those that prefer them.
_CIPHERS = (
    b"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305"
    b":ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA"
)

# Some stacks insist on media profiles, though no link has media: their keys are never made.
SRTP_PROFILES = b"SRTP_AEAD_AES_256_GCM:SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80"


class LinkCertificate:
    """A key pair of P-256, self-signed, with one OpenSSL context for all links that use it.

    context: of DTLS. sha256: the fingerprint, 32 bytes.
    """

    def __init__(self, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        self.sha256 = certificate.fingerprint(hashes.SHA256())
        self._key = key
        self._certificate = certificate
        self._context: SSL.Context | None = None

    @classmethod
    def new(cls) -> LinkCertificate:
        """A new key pair. Its name is random, so that it shows nothing of the box."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, os.urandom(16).hex())])
        now = datetime.now(tz=UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _VALID_BEFORE)
            .not_valid_after(now + _VALID)
            .sign(key, hashes.SHA256())
        )
        return cls(key, certificate)

    def pack(self) -> tuple[bytes, bytes]:
        """Private key and certificate, in DER: for another process of this box."""
        key = self._key.private_bytes(
            serialization.Encoding.DER,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return key, self._certificate.public_bytes(serialization.Encoding.DER)

    @classmethod
    def unpack(cls, key: bytes, certificate: bytes) -> LinkCertificate:
        """What `pack` returned, of a process that is trusted."""
        private = serialization.load_der_private_key(key, None)
        assert isinstance(private, ec.EllipticCurvePrivateKey)
        return cls(private, x509.load_der_x509_certificate(certificate))

    @property
    def context(self) -> SSL.Context:
        """The context, made when the first link needs it."""
        if self._context is None:
            self._context = self._new_context()
        return self._context

    def _new_context(self) -> SSL.Context:
        context = SSL.Context(SSL.DTLS_METHOD)
        context.use_certificate(self._certificate)
        context.use_privatekey(self._key)
        context.set_cipher_list(_CIPHERS)
        context.set_tlsext_use_srtp(SRTP_PROFILES)
        # The other side has to prove the key of its certificate. Whether it is the right one is
        # seen by its fingerprint, after the handshake: no authority has signed it.
        context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *_: True)
        # Links belong to different visitors: none may resume the TLS session of another, and none
        # is kept after its link has ended.
        context.set_options(SSL.OP_NO_TICKET)
        context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        # Buffers for a record of 16 KiB, in each direction, are of no use to a link that is silent:
        # 33 KB of it. To allocate them anew costs some 2 % of what a record costs.
        context.set_mode(SSL.MODE_RELEASE_BUFFERS)
        return context


class SharedCertificate:
    """A certificate for all links that a box opens within RENEW_S."""

    def __init__(self) -> None:
        self._certificate: LinkCertificate | None = None
        self._since_s = 0.0

    def current(self) -> LinkCertificate:
        """The one of now."""
        now_s = time.monotonic()
        if self._certificate is None or now_s - self._since_s >= RENEW_S:
            self._certificate, self._since_s = LinkCertificate.new(), now_s
        return self._certificate
