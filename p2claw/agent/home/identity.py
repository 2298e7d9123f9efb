"""The key of a box, in one file with what proves that it follows the keys before; only to sign.

What is signed for which purpose is in `wire/signalling/signatures.py`, names made of the key are
in `p2claw/names.py`. Key and proof are replaced together, so that no loss of power parts them.
"""

from __future__ import annotations

import base64
import dataclasses
import re
from dataclasses import dataclass, field
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

from p2claw.errors import IdentityError, RemoteProtocolError
from p2claw.names import key_alias_of, peer_id_of
from p2claw.private_file import (
    ExposedFileError,
    make_private_directory,
    read_private,
    remove_parts,
    replace,
    write_new,
)
from p2claw.wire.signalling import BoxOffer
from p2claw.wire.signalling.signatures import ANSWER, answer_payload, signed_bytes
from p2claw.wire.signalling.statements import NEVER, STATEMENT_BYTES, Kind, Statement

# A PKCS8 PEM of an Ed25519 key has 119 bytes, 129 statements of 138 bytes have 24,112 in base64;
# what is far longer is some other file.
FILE_BYTES = 32_768

# Labels of the blocks (RFC 7468 §2) that follow the key.
_CHANGES = "P2CLAW KEY CHANGES"
_BACKUP = "P2CLAW BACKUP KEY"
_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----\r?\n(.*?)-----END \1-----\s*", re.DOTALL)
_LINE_CHARS = 64


@dataclass(frozen=True, slots=True)
class Identity:
    """An Ed25519 key pair (RFC 8032), and what it has been said by whom about it.

    changes: the statements by which it follows the keys that the box had before, the oldest first.
    backup: the one by which it has named its backup key; None: there is none.
    """

    _private: Ed25519PrivateKey = field(repr=False)
    public_key: bytes
    """32 bytes."""
    changes: tuple[Statement, ...] = ()
    backup: Statement | None = None

    @property
    def peer_id(self) -> str:
        return peer_id_of(self.public_key)

    @property
    def key_alias(self) -> str:
        return key_alias_of(self.public_key)

    @property
    def statements(self) -> tuple[bytes, ...]:
        """All of them, packed."""
        own = () if self.backup is None else (self.backup,)
        return tuple(one.pack() for one in (*self.changes, *own))

    @property
    def first_peer_id(self) -> str:
        """Of the key that the box had first of all."""
        return peer_id_of(self.changes[0].signer) if self.changes else self.peer_id

    @property
    def backup_peer_id(self) -> str | None:
        """Of its backup key; None: there is none."""
        named = self.backup
        return (
            None if named is None or named.subject == self.public_key else peer_id_of(named.subject)
        )

    @property
    def earlier_key_aliases(self) -> tuple[str, ...]:
        """Of the keys that the box had before, the oldest first."""
        signers = dict.fromkeys(one.signer for one in self.changes)
        backups = {one.subject for one in self.changes if one.kind is Kind.BACKUP}
        return tuple(key_alias_of(signer) for signer in signers if signer not in backups)

    def lasting(self, kind: Kind, subject: bytes, issued_s: int) -> Statement:
        """A statement of this key about another one, for good. issued_s: Unix seconds."""
        return signed_statement(self._private, kind, subject, issued_s)

    def successor(self, now_s: int) -> Identity:
        """A new key that follows this one. A backup key that was named is named again."""
        new = Ed25519PrivateKey.generate()
        return follow(self, new, (self.lasting(Kind.ROTATE, public_bytes(new), now_s),), now_s)

    def sign(self, purpose: str, payload: bytes) -> bytes:
        """The 64-byte signature over payload, good for this purpose alone.

        Source: docs/WIRE.md §10.
        """
        return self._private.sign(signed_bytes(purpose, payload))

    def state(self, kind: Kind, subject: bytes, issued_s: int, expires_s: int) -> bytes:
        """A statement of this key about another one. Times are Unix seconds.

        Source: docs/WIRE.md §17.
        """
        return signed_statement(self._private, kind, subject, issued_s, expires_s).pack()

    def sign_answer(self, offer: BoxOffer, fingerprint: bytes) -> bytes:
        """Sign the answer to an offer.

        fingerprint: of the DTLS certificate that the answer names.
        """
        return self.sign(ANSWER, answer_payload(offer.session, offer.sdp, fingerprint))


def public_bytes(private: Ed25519PrivateKey) -> bytes:
    """The 32 bytes of its public key."""
    return private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def signed_statement(
    private: Ed25519PrivateKey, kind: Kind, subject: bytes, issued_s: int, expires_s: int = NEVER
) -> Statement:
    """What this key states about another."""
    said = Statement(kind, public_bytes(private), subject, issued_s, expires_s)
    signature = private.sign(signed_bytes(kind.purpose, said.payload()))
    return dataclasses.replace(said, signature=signature)


def follow(
    before: Identity, new: Ed25519PrivateKey, by: tuple[Statement, ...], now_s: int
) -> Identity:
    """The identity of a key that follows another, by these statements."""
    after = Identity(new, public_bytes(new), before.changes + by)
    if before.backup is None or before.backup.subject == before.public_key:
        return after
    backup = after.lasting(Kind.BACKUP, before.backup.subject, now_s)
    return dataclasses.replace(after, backup=backup)


def replace_identity(path: Path, identity: Identity) -> None:
    """Put another identity in the place of the one in the file: a reader finds either, whole.

    Only who holds the lock of the home may do it. Raises IdentityError `identity-unwritable`.
    """
    try:
        remove_parts(path)
        replace(path, _serialize(identity))
    except OSError as error:
        raise _unwritable(path, error) from None


def add_identity(path: Path, identity: Identity) -> bool:
    """Write it to a new file; False if there is one. Raises IdentityError `identity-unwritable`."""
    try:
        make_private_directory(path.parent)
        return write_new(path, _serialize(identity))
    except OSError as error:
        raise _unwritable(path, error) from None


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
    add_identity(path, Identity(private, public_bytes(private)))


def _unwritable(path: Path, error: OSError) -> IdentityError:
    return IdentityError(
        f"No key can be written to {path}: {error.strerror}",
        code="identity-unwritable",
        hint="Name a directory of your own with P2CLAW_HOME",
    )


def _serialize(identity: Identity) -> bytes:
    key = identity._private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    changes = b"".join(one.pack() for one in identity.changes)
    backup = b"" if identity.backup is None else identity.backup.pack()
    return key + _block(_CHANGES, changes) + _block(_BACKUP, backup)


def _block(label: str, content: bytes) -> bytes:
    if not content:
        return b""
    text = base64.b64encode(content).decode()
    lines = [text[at : at + _LINE_CHARS] for at in range(0, len(text), _LINE_CHARS)]
    return "\n".join((f"-----BEGIN {label}-----", *lines, f"-----END {label}-----\n")).encode()


def _parse(path: Path, pem: bytes) -> Identity:
    blocks = dict(_BLOCK.findall(pem))
    own = {label.encode() for label in (_CHANGES, _BACKUP)}
    key = _BLOCK.sub(lambda block: b"" if block[1] in own else block[0], pem)
    try:
        private = load_pem_private_key(key, password=None) if len(pem) <= FILE_BYTES else None
        changes = _statements(blocks.get(_CHANGES.encode(), b""))
        backups = _statements(blocks.get(_BACKUP.encode(), b""))
    except (ValueError, TypeError, UnsupportedAlgorithm, RemoteProtocolError):
        private, changes, backups = None, (), ()
    if not isinstance(private, Ed25519PrivateKey):
        raise IdentityError(
            f"The file {path} is not an Ed25519 key",
            code="identity-damaged",
            hint="Restore it from a backup; or move it away for a new key, and a new alias with it",
        )
    return Identity(private, public_bytes(private), changes, backups[0] if backups else None)


def _statements(text: bytes) -> tuple[Statement, ...]:
    """Raises ValueError, RemoteProtocolError."""
    content = base64.b64decode(b"".join(text.split()), validate=True)
    size = STATEMENT_BYTES
    parts = [content[at : at + size] for at in range(0, len(content), size)]
    return tuple(map(Statement.unpack, parts))
