"""`access.json`: what the ledger must not forget, in a file for its owner alone.

The agent writes it while it runs; where none runs, the commands do, under the same lock. A file
that cannot be read is an error and lets nobody in.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from p2claw.agent.access.guarding import guard_from, guard_to_map
from p2claw.agent.access.ledger import Guard, Invitation, Ledger, Session
from p2claw.agent.access.tokens import KEY_BYTES
from p2claw.errors import UsageError
from p2claw.locked_file import LockedFile
from p2claw.units import MIB

VERSION = 1
FILE_BYTES = 64 * MIB

T = TypeVar("T", Invitation, Session)


class AccessFile:
    """The file `access.json`. All methods block on the disk."""

    def __init__(self, path: Path) -> None:
        mend = "Restore it, or remove it: then every guarded app must be exposed again"
        self._file = LockedFile(path, "access", FILE_BYTES, mend)

    def load(self) -> Ledger:
        """What is written; with a key of its own if there is no file.

        Raises UsageError `access-exposed`, `access-damaged`.
        """
        content = self._file.read()
        return Ledger(os.urandom(KEY_BYTES)) if content is None else self._parse(content)

    def save(self, content: bytes) -> None:
        """Write what `serialize` made. Raises UsageError `access-unwritable`, `access-locked`."""
        with self._file.changing():
            self._file.write(content)

    @contextmanager
    def changing(self) -> Iterator[Ledger]:
        """Change what is written, where no agent runs. Raises UsageError."""
        with self._file.changing():
            ledger = self.load()
            yield ledger
            self._file.write(serialize(ledger))

    def _parse(self, content: bytes) -> Ledger:
        document = self._file.parse(content)
        known = {"version", "key", "guards", "invitations", "sessions"}
        if not isinstance(document, dict) or document.keys() != known:
            raise self._file.damaged("it does not have the keys that it should have")
        if document["version"] != VERSION:
            raise self._file.damaged(f"its version is {document['version']!r} and not {VERSION}")
        try:
            ledger = Ledger(_key(document["key"]))
            ledger.guards = {app: _guard(one) for app, one in document["guards"].items()}
            ledger.invitations = {
                one["id"]: _made(Invitation, one) for one in document["invitations"]
            }
            ledger.sessions = {one["id"]: _made(Session, one) for one in document["sessions"]}
        except (TypeError, ValueError, KeyError, AttributeError, binascii.Error) as error:
            raise self._file.damaged(f"an entry cannot be read ({error})") from None
        return ledger


def serialize(ledger: Ledger) -> bytes:
    """The content of the file."""
    document = {
        "version": VERSION,
        "key": base64.b64encode(ledger.key).decode(),
        "guards": {app: guard_to_map(guard) for app, guard in sorted(ledger.guards.items())},
        "invitations": [_map(one) for one in ledger.invitations.values()],
        "sessions": [_map(one) for one in ledger.sessions.values()],
    }
    return (json.dumps(document, indent=1) + "\n").encode()


def statement_key(ledger: Ledger) -> Ed25519PrivateKey:
    """The key that signs statements to apps about their visitors; made of the key of the tokens."""
    return Ed25519PrivateKey.from_private_bytes(
        hashlib.sha256(b"p2claw\0statement\0" + ledger.key).digest()
    )


def public_jwk(ledger: Ledger) -> dict[str, str]:
    """Its public half, as apps want it (RFC 8037)."""
    raw = statement_key(ledger).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    x = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    return {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "x": x}


def _key(text: Any) -> bytes:
    key = base64.b64decode(text, validate=True)
    if len(key) != KEY_BYTES:
        raise ValueError("the key has another length")
    return key


def _guard(entry: Any) -> Guard:
    """An app that is written down here is guarded: nothing opens it by being left out."""
    try:
        guard = guard_from(entry)
    except UsageError as error:
        raise ValueError(error.message) from None
    if guard is None:
        raise ValueError("a guard of nothing")
    return guard


def _map(one: Invitation | Session) -> dict[str, Any]:
    return {field.name: getattr(one, field.name) for field in fields(one)}


def _made(kind: type[T], entry: Any) -> T:
    """An entry whose values are of the right types, neither less nor more of them."""
    wanted = {field.name: int if field.type == "int" else str for field in fields(kind)}
    if not isinstance(entry, dict) or entry.keys() != wanted.keys():
        raise ValueError(f"{kind.__name__} with other keys")
    if not all(type(entry[name]) is of for name, of in wanted.items()):
        raise ValueError(f"{kind.__name__} with a value of another type")
    return kind(**entry)
