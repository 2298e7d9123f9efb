"""Messages that both ends can make from three words: kind, size in bytes, seed.

peer.mjs makes the same bytes. They repeat after a prime number of them, so that no two fragments
of a message are alike.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Literal

Kind = Literal["binary", "text"]
Message = tuple[Kind, int, int]
Sum = tuple[int, str]

PERIOD = 65_521


def _table() -> bytes:
    table, last = bytearray(), 1
    for _ in range(PERIOD):
        last = (last * 1103515245 + 12345) & 0x7FFFFFFF
        table.append((last >> 16) & 0xFF)
    return bytes(table)


_TABLE = _table()
_PRINTABLE = bytes(32 + byte % 95 for byte in range(256))


def message_bytes(message: Message) -> bytes:
    """What goes into the message, text in UTF-8."""
    kind, size, seed = message
    at = seed % PERIOD
    data = (_TABLE[at:] + _TABLE * (size // PERIOD + 1))[:size]
    return data.translate(_PRINTABLE) if kind == "text" else data


def sum_of(parts: Iterable[bytes]) -> Sum:
    """The length and the SHA-256 of messages in a row."""
    whole = b"".join(parts)
    return len(whole), hashlib.sha256(whole).hexdigest()


def bulk(total_bytes: int, message_bytes: int) -> list[Message]:
    """Messages of one size, each unlike its neighbours."""
    count = -(-total_bytes // message_bytes)
    return [("binary", message_bytes, 4099 * place) for place in range(count)]
