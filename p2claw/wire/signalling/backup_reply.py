"""What a coordinator says of the box that has a backup key (docs/WIRE.md §11), JSON."""

from __future__ import annotations

from typing import Final

import msgspec

from p2claw.errors import RemoteProtocolError
from p2claw.wire.signalling import field_types as f

PATH: Final = "/__p2claw/v1/backup"
REPLY_BYTES: Final = f.MESSAGE_BYTES


class BackupReply(msgspec.Struct, frozen=True):
    """The box that has named the backup key. statement: by which it has. statements: by which its
    key follows those before.
    """

    alias: f.Label
    statement: bytes
    statements: f.Statements = ()


def encode_backup(reply: BackupReply) -> bytes:
    """Its JSON, with bytes in base64."""
    return msgspec.json.encode(reply)


def decode_backup(content: bytes) -> BackupReply:
    """Raises RemoteProtocolError for what is none."""
    if len(content) > REPLY_BYTES:
        raise RemoteProtocolError(f"a reply is longer than {REPLY_BYTES} bytes")
    try:
        return _DECODER.decode(content)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise RemoteProtocolError(f"a reply cannot be read: {error}") from None


_DECODER = msgspec.json.Decoder(BackupReply)
