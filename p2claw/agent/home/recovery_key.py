"""The recovery code of a box: what its owner keeps elsewhere, to name the next key of a lost box.

The code is drawn by chance, and the backup key is made of it. The box knows the public half alone.
As text it is nine groups of four characters; in a file it may be sealed by a passphrase.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from p2claw.agent.home.identity import public_bytes
from p2claw.errors import UsageError
from p2claw.names import peer_id_of

SECRET_BYTES = 20  # 160 bits
_CHECK_BYTES = 2
_GROUP = 4
_PURPOSE = b"p2claw/1 recovery\0"

TITLE = "p2claw recovery code"
FILE_BYTES = 4_096

# Argon2id, RFC 9106 §4, the second recommended choice: 64 MiB, three passes, four lanes.
_SALT_BYTES, _NONCE_BYTES = 16, 12
_PASSES, _MEMORY_KIB, _LANES = 3, 65_536, 4
_KEY_BYTES = 32
_SEALED_BYTES = _SALT_BYTES + _NONCE_BYTES + SECRET_BYTES + 16

_FACT = re.compile(r"^([a-z ]+): (\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class RecoveryKey:
    """A backup key, as it is made of the secret of its code."""

    secret: bytes

    @classmethod
    def make(cls) -> RecoveryKey:
        """A new one, by chance."""
        return cls(os.urandom(SECRET_BYTES))

    @property
    def private(self) -> Ed25519PrivateKey:
        """The key that signs."""
        return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(_PURPOSE + self.secret).digest())

    @property
    def public_key(self) -> bytes:
        return public_bytes(self.private)

    @property
    def peer_id(self) -> str:
        """Its public half, by which box and coordinator know it."""
        return peer_id_of(self.public_key)

    @property
    def code(self) -> str:
        """For people."""
        text = base64.b32encode(self.secret + _check_of(self.secret)).decode().lower().rstrip("=")
        return "-".join(text[at : at + _GROUP] for at in range(0, len(text), _GROUP))


@dataclass(frozen=True, slots=True)
class RecoveryFile:
    """What is kept: the code, or what a passphrase opens; and where the box was registered."""

    coordinator: str
    alias: str
    code: str = ""
    sealed: str = ""

    def text(self) -> str:
        """For a file or a sheet of paper."""
        kept = f"code: {self.code}" if self.code else f"sealed: {self.sealed}"
        return f"{TITLE}\nbox: {self.alias}\ncoordinator: {self.coordinator}\n{kept}\n"

    @classmethod
    def parse(cls, text: str) -> RecoveryFile:
        """The inverse of `text`; a code alone will do. Raises UsageError `recovery-invalid`."""
        facts = dict(_FACT.findall(text))
        kept = {name: facts[name] for name in ("code", "sealed") if name in facts}
        if len(kept) == 1:
            return cls(facts.get("coordinator", ""), facts.get("box", ""), **kept)
        if kept or ":" in text:
            raise _invalid("it has no code")
        return cls("", "", code=text.strip())

    def open(self, passphrase: str | None) -> RecoveryKey:
        """The key.

        Raises UsageError `recovery-invalid`, `passphrase-needed`, `passphrase-wrong`.
        """
        if not self.sealed:
            return parse_code(self.code)
        if passphrase is None:
            raise UsageError(
                "This recovery code is sealed",
                code="passphrase-needed",
                hint="Name a file that holds the passphrase: --passphrase-file FILE",
            )
        return unseal(self.sealed, passphrase)


def parse_code(text: str) -> RecoveryKey:
    """The key of a code, however it is spaced. Raises UsageError `recovery-invalid`."""
    plain = re.sub(r"[\s-]", "", text).upper()
    try:
        decoded = base64.b32decode(plain + "=" * (-len(plain) % 8))
    except (ValueError, binascii.Error):
        raise _invalid("it has characters that are in no code") from None
    key = RecoveryKey(decoded[:SECRET_BYTES])
    # Also of the bits that base32 leaves over.
    if key.code.replace("-", "").upper() != plain:
        raise _invalid("it has a mistake")
    return key


def seal(key: RecoveryKey, passphrase: str) -> str:
    """The secret for a file, which this passphrase opens."""
    salt, nonce = os.urandom(_SALT_BYTES), os.urandom(_NONCE_BYTES)
    sealed = ChaCha20Poly1305(_key_of(passphrase, salt)).encrypt(nonce, key.secret, _PURPOSE)
    return base64.b64encode(salt + nonce + sealed).decode()


def unseal(text: str, passphrase: str) -> RecoveryKey:
    """The inverse of `seal`. Raises UsageError `recovery-invalid`, `passphrase-wrong`."""
    try:
        content = base64.b64decode(text, validate=True)
    except ValueError:
        content = b""
    if len(content) != _SEALED_BYTES:
        raise _invalid("what is sealed is not whole")
    salt, rest = content[:_SALT_BYTES], content[_SALT_BYTES:]
    nonce, sealed = rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]
    try:
        secret = ChaCha20Poly1305(_key_of(passphrase, salt)).decrypt(nonce, sealed, _PURPOSE)
    except InvalidTag:
        raise UsageError(
            "The passphrase does not open this recovery code",
            code="passphrase-wrong",
            hint="Try again: nothing was changed",
        ) from None
    return RecoveryKey(secret)


def _key_of(passphrase: str, salt: bytes) -> bytes:
    from argon2.low_level import Type, hash_secret_raw  # only here: it loads a library

    return hash_secret_raw(
        passphrase.encode(), salt, _PASSES, _MEMORY_KIB, _LANES, _KEY_BYTES, Type.ID
    )


def _check_of(secret: bytes) -> bytes:
    return hashlib.sha256(_PURPOSE + b"check" + secret).digest()[:_CHECK_BYTES]


def _invalid(why: str) -> UsageError:
    return UsageError(
        f"This is not a recovery code: {why}",
        code="recovery-invalid",
        hint="`p2claw identity backup` made it: nine groups of four characters, or a file",
    )
