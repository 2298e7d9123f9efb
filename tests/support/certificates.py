"""Certificates of our own making, for TLS in tests."""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID


def write_certificate(
    folder: Path,
    name: str,
    *,
    kind: str = "ec",
    password: bytes | None = None,
    names: Sequence[str] = ("*.localhost",),
    addresses: Sequence[str] = (),
    lasts_days: float = 1,
) -> tuple[Path, Path]:
    """A self-signed certificate for these names and addresses, whose common name is `name`, and its
    key.

    kind: `ec` or `rsa`. lasts_days: from now; below 0 it has expired. Files that are there already
    are replaced, as a renewal does.
    """
    key = (
        ec.generate_private_key(ec.SECP256R1())
        if kind == "ec"
        else rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    )
    subjects: list[x509.GeneralName] = [x509.DNSName(one) for one in names]
    subjects += [x509.IPAddress(ipaddress.ip_address(one)) for one in addresses]
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=lasts_days))
        .add_extension(x509.SubjectAlternativeName(subjects), False)
        .sign(key, hashes.SHA256())
    )
    encryption = (
        serialization.BestAvailableEncryption(password)
        if password
        else serialization.NoEncryption()
    )
    cert_path, key_path = folder / "cert.pem", folder / "key.pem"
    cert_path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    )
    return cert_path, key_path
