"""Chooses how DTLS records are encrypted, and tries it out before any link relies on it."""

from __future__ import annotations

import datetime
import functools
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from OpenSSL import SSL

from p2claw.dataplane.carrier._records import OwnRecords, Records, SlowRecords
from p2claw.errors import LinkError

# Flights of a handshake; there are six in DTLS 1.2.
FLIGHTS = 12

# Of those that links use with OwnRecords, each is tried out.
_OWN_SUITES = (b"ECDHE-ECDSA-AES128-GCM-SHA256", b"ECDHE-ECDSA-AES256-GCM-SHA384")

PACKETS = (b"\0", b"data plane" * 100, bytes(range(256)) * 64)


@dataclass(frozen=True, slots=True)
class RecordsWay:
    """The chosen way. kind: the class that makes records. trouble: why it is none better, or ""."""

    kind: type[Records]
    trouble: str = ""

    @property
    def name(self) -> str:
        return self.kind.way


@functools.cache
def records_way() -> RecordsWay:
    """The best way that passes the test. The first call takes some 10 ms."""
    try:
        check(Records)
    except LinkError as error:
        return RecordsWay(SlowRecords, error.message)
    try:
        for suite in _OWN_SUITES:
            check(OwnRecords, suite)
    except LinkError as error:
        return RecordsWay(Records, error.message)
    return RecordsWay(OwnRecords)


def records_of(connection: SSL.Connection) -> Records:
    """Records that go on after this connection's handshake.

    With OwnRecords it is not needed any more; if its suite is none of theirs, it goes on itself.
    """
    kind = records_way().kind
    if kind is OwnRecords:
        try:
            return OwnRecords(connection)
        except LinkError:
            kind = Records
    return kind(connection)


def check(kind: type[Records], suite: bytes = _OWN_SUITES[0]) -> None:
    """Encrypt and decrypt between two connections of our own. Raises LinkError."""
    client, server = _handshake(suite)
    _check_one_side(kind(client), server)
    client, server = _handshake(suite)
    _check_one_side(kind(server), client)


def _check_one_side(ours: Records, plain: SSL.Connection) -> None:
    for packet in PACKETS:
        plain.bio_write(ours.seal(packet))
        if plain.recv(len(packet)) != packet:
            raise LinkError("a record came out otherwise than it went in", code="record-failed")
        plain.send(packet)
        if ours.open(plain.bio_read(len(packet) + 256)) != [packet]:
            raise LinkError("a record was not read", code="record-failed")
    plain.send(PACKETS[0])
    forged = bytearray(plain.bio_read(256))
    forged[-1] ^= 1
    if ours.open(bytes(forged)):
        raise LinkError("a forged record was taken for a true one", code="record-failed")


def _handshake(suite: bytes) -> tuple[SSL.Connection, SSL.Connection]:
    context = SSL.Context(SSL.DTLS_METHOD)
    key = ec.generate_private_key(ec.SECP256R1())
    context.use_privatekey(key)
    context.use_certificate(_certificate(key))
    context.set_cipher_list(suite)
    client, server = SSL.Connection(context), SSL.Connection(context)
    client.set_connect_state()
    server.set_accept_state()
    for _ in range(FLIGHTS):
        done = [_step(client, server), _step(server, client)]
        if all(done):
            return client, server
    raise LinkError("the handshake of the self-test does not end", code="record-failed")


def _step(one: SSL.Connection, other: SSL.Connection) -> bool:
    """One step of a handshake: pass on what it writes. Returns whether it is done."""
    done = True
    try:
        one.do_handshake()
    except SSL.WantReadError:
        done = False
    except SSL.Error as error:
        raise LinkError(
            f"the handshake of the self-test fails: {error}", code="record-failed"
        ) from None
    try:
        while flight := one.bio_read(65_536):
            other.bio_write(flight)
    except SSL.WantReadError:
        pass
    return done


def _certificate(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "self-test")])
    now = datetime.datetime.now(tz=datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
