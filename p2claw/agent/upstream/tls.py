"""TLS towards an upstream on this machine: one certificate, confirmed by the owner at `expose`.

No authority signs certificates for localhost, so authorities and names are not checked. What counts
is that the upstream shows the same certificate as when the app was exposed.
"""

from __future__ import annotations

import hashlib
import re
import socket
import ssl
from typing import TYPE_CHECKING

from p2claw.agent.request_faults import CertificateFault
from p2claw.agent.upstream.address import UpstreamAddress
from p2claw.errors import UsageError

if TYPE_CHECKING:
    import asyncio

FINGERPRINT = re.compile(r"[0-9a-f]{64}")

_HANDSHAKE_S = 5.0


def client_context() -> ssl.SSLContext:
    """TLS without a check of the peer, which `check_certificate` does after the handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1"])
    return context


def check_certificate(transport: asyncio.BaseTransport, address: UpstreamAddress) -> None:
    """Check that the upstream shows the certificate that the owner confirmed.

    Raises CertificateFault.
    """
    shown = transport.get_extra_info("ssl_object").getpeercert(binary_form=True)
    if shown is None or fingerprint(shown) != address.certificate:
        raise CertificateFault(f"{address.text} shows another certificate than when it was exposed")


def fingerprint(certificate: bytes) -> str:
    """SHA-256 of a certificate in DER, in hexadecimal."""
    return hashlib.sha256(certificate).hexdigest()


def certificate_of(address: UpstreamAddress) -> str:
    """The fingerprint of the certificate that an upstream shows now. Blocks.

    Raises UsageError `upstream-certificate`.
    """
    problem: OSError | None = None
    for host in address.dial_hosts():
        try:
            with (
                socket.create_connection((host, address.port), timeout=_HANDSHAKE_S) as plain,
                client_context().wrap_socket(plain, server_hostname=address.host) as secure,
            ):
                return fingerprint(secure.getpeercert(binary_form=True) or b"")
        except OSError as error:
            problem = problem or error
    raise UsageError(
        f"{address.text} shows no certificate: {problem}",
        code="upstream-certificate",
        hint="Start the app first: its certificate is remembered when it is exposed",
    )
