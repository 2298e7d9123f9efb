"""Who a node is to the others: a key that it draws when it starts, and its certificate, in Redis.

Nobody configures a secret, and none is in Redis: whoever can only read there can neither listen
nor dial in the name of a node. Whoever can write there could write into the streams of all nodes.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import ssl
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from p2claw.coord.bus.trunks.frames import Hello
from p2claw.errors import RemoteProtocolError
from p2claw.wire.signalling.signatures import signed_bytes

NONCE_BYTES = 32
_PURPOSE = "node"
# The clocks of nodes need not agree: the certificate counts while it is in Redis.
_FROM = datetime(2000, 1, 1, tzinfo=UTC)
_UNTIL = datetime(9999, 1, 1, tzinfo=UTC)


class Announced(msgspec.Struct, array_like=True, frozen=True):
    """What Redis has of a node: where it listens, and its certificate, DER."""

    host: str
    port: int
    certificate: bytes


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Announced)


def encode_announced(announced: Announced) -> bytes:
    return _ENCODER.encode(announced)


def decode_announced(payload: bytes) -> Announced:
    """Raises RemoteProtocolError."""
    try:
        return _DECODER.decode(payload)
    except msgspec.DecodeError as error:
        raise RemoteProtocolError(f"What a node announces cannot be read: {error}") from None


class Identity:
    """Of one node. certificate: DER."""

    def __init__(self, node: str) -> None:
        self._node = node
        self._key = Ed25519PrivateKey.generate()
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, node)])
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(_FROM)
            .not_valid_after(_UNTIL)
            .sign(self._key, None)
        )
        self.certificate = made.public_bytes(Encoding.DER)

    def listening(self) -> ssl.SSLContext:
        """For the end that listens."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        key = self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        with _file_of(key + ssl.DER_cert_to_PEM_cert(self.certificate).encode()) as path:
            context.load_cert_chain(path)
        return context

    def hello(self, certificate: bytes, nonce: bytes) -> Hello:
        """That this node dials the one with this certificate, which has drawn this nonce."""
        return Hello(self._node, self._key.sign(_proven(self._node, certificate, nonce)))


def dialling(certificate: bytes) -> ssl.SSLContext:
    """For the end that dials a node with this certificate, and no other."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False  # the certificate itself is known
    try:
        context.load_verify_locations(cadata=certificate)
    except ssl.SSLError:
        raise RemoteProtocolError("What a node announces is no certificate") from None
    return context


def is_proven(hello: Hello, certificate: bytes, *, own_certificate: bytes, nonce: bytes) -> bool:
    """Whether the node of this name, whose certificate is in Redis, has said so to us."""
    try:
        key = x509.load_der_x509_certificate(certificate).public_key()
        if not isinstance(key, Ed25519PublicKey):
            return False
        key.verify(hello.proof, _proven(hello.node, own_certificate, nonce))
    except (InvalidSignature, ValueError):
        return False
    return True


@contextlib.contextmanager
def _file_of(data: bytes) -> Iterator[str]:
    """A file for this process, gone with the block: OpenSSL takes keys from files alone. Where the
    system has it, in memory: no disk sees the key, and a container may have none to write to.
    """
    if sys.platform == "linux":
        with os.fdopen(os.memfd_create("p2claw-node"), "wb") as file:
            file.write(data)
            file.flush()
            yield f"/proc/self/fd/{file.fileno()}"
    else:
        with tempfile.NamedTemporaryFile(prefix="p2claw-node-") as file:  # for this user alone
            file.write(data)
            file.flush()
            yield file.name


def _proven(node: str, certificate: bytes, nonce: bytes) -> bytes:
    return signed_bytes(_PURPOSE, nonce + hashlib.sha256(certificate).digest() + node.encode())
