"""The key of a box: made once, kept in one file, never overwritten, used only to sign.

What is signed for which purpose is in `wire/signalling/signatures.py`, names made of the key are
in `p2claw/names.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from p2claw.errors import IdentityError
from p2claw.names import key_alias_of, peer_id_of
from p2claw.private_file import (
    ExposedFileError,
    make_private_directory,
    read_private,
    write_new,
)
from p2claw.wire.signalling import BoxOffer
from p2claw.wire.signalling.signatures import ANSWER, answer_payload, signed_bytes
from p2claw.wire.signalling.statements import Kind, Statement

# A PKCS8 PEM of an Ed25519 key has 119 bytes; what is far longer is some other file.
FILE_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Identity:
    """An Ed25519 key pair (RFC 8032)."""

    _private: Ed25519PrivateKey = field(repr=False)
    public_key: bytes
    """32 bytes."""

    @property
    def peer_id(self) -> str:
        return peer_id_of(self.public_key)

    @property
    def key_alias(self) -> str:
        return key_alias_of(self.public_key)

    def sign(self, purpose: str, payload: bytes) -> bytes:
        """The 64-byte signature over payload, good for this purpose alone.

        Source: docs/WIRE.md §10.
        """
        return self._private.sign(signed_bytes(purpose, payload))

    def state(self, kind: Kind, subject: bytes, issued_s: int, expires_s: int) -> bytes:
        """A statement of this key about another one. Times are Unix seconds.

        Source: docs/WIRE.md §17.
        """
        statement = Statement(kind, self.public_key, subject, issued_s, expires_s)
        signature = self.sign(kind.purpose, statement.payload())
        return replace(statement, signature=signature).pack()

    def sign_answer(self, offer: BoxOffer, fingerprint: bytes) -> bytes:
        """Sign the answer to an offer.

        fingerprint: of the DTLS certificate that the answer names.
        """
        return self.sign(ANSWER, answer_payload(offer.session, offer.sdp, fingerprint))


def load_or_create_identity(path: Path) -> Identity:
    """The identity in the file at path, which is made if it does not exist.

    If two agents start at the same time, both get the same key. Raises IdentityError.
    """
    try:
        return load_identity(path)
    except IdentityError as error:
        if error.code != "identity-missing":
            raise
    create_identity(path)
    return load_identity(path)


def load_identity(path: Path) -> Identity:
    """Read the identity.

    Raises IdentityError `identity-missing`, `identity-exposed` (others may read or replace the
    file), `identity-damaged`, or `identity-unreadable`.
    """
    try:
        pem = read_private(path, most_bytes=FILE_BYTES, forbidden_mode=0o077)
    except FileNotFoundError:
        raise IdentityError(
            f"There is no key at {path}",
            code="identity-missing",
            hint="`p2claw run` makes one; or name its directory with P2CLAW_HOME",
        ) from None
    except ExposedFileError as error:
        raise IdentityError(
            f"The key at {path} {error}",
            code="identity-exposed",
            hint=f"If nobody else has had it, make it yours alone: chmod 600 {path}",
        ) from None
    except OSError as error:
        raise IdentityError(
            f"The key at {path} cannot be read: {error.strerror}", code="identity-unreadable"
        ) from None
    return _parse(path, pem)


def create_identity(path: Path) -> None:
    """Write a new key to path, completely or not at all. Does nothing if the file exists.

    Raises IdentityError `identity-unwritable`.
    """
    private = Ed25519PrivateKey.generate()
    try:
        make_private_directory(path.parent)
        write_new(path, private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    except OSError as error:
        raise IdentityError(
            f"No key can be written to {path}: {error.strerror}",
            code="identity-unwritable",
            hint="Name a directory of your own with P2CLAW_HOME",
        ) from None


def _parse(path: Path, pem: bytes) -> Identity:
    try:
        private = load_pem_private_key(pem, password=None) if len(pem) <= FILE_BYTES else None
    except (ValueError, TypeError, UnsupportedAlgorithm):
        private = None
    if not isinstance(private, Ed25519PrivateKey):
        raise IdentityError(
            f"The file {path} is not an Ed25519 key",
            code="identity-damaged",
            hint="Restore it from a backup; or move it away for a new key, and a new alias with it",
        )
    public_key = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return Identity(private, public_key)
