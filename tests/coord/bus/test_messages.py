"""p2claw.coord.bus.messages: what one node writes another reads, and nothing else."""

from __future__ import annotations

import msgspec
import pytest

from p2claw.coord.bus.messages import (
    Astray,
    Banned,
    Begin,
    Closed,
    FromVisitor,
    Gone,
    Message,
    Posted,
    PostReply,
    QuotaChanged,
    Replaced,
    ToVisitor,
    decode_messages,
    encode_messages,
)
from p2claw.errors import RemoteProtocolError

ALL: list[Message] = [
    Begin("s", "node", "purplecrab", None, "192.0.2.0/24"),
    FromVisitor("s", "{}"),
    Gone("s"),
    ToVisitor("s", "{}", "box-offline"),
    Closed("s", 1000, "why"),
    Astray("s"),
    Posted(1, "node", b"{}"),
    PostReply(1, ["{}"]),
    Replaced("key", 2**53),
    Banned(bytes(32)),
    QuotaChanged(bytes(32), None, 60, False),
]


def test_messages_arrive_as_they_were_sent() -> None:
    assert decode_messages(encode_messages(ALL)) == ALL


@pytest.mark.parametrize(
    "payload", [b"", b"\xff", msgspec.msgpack.encode([["unknown", 1]]), msgspec.msgpack.encode(1)]
)
def test_what_cannot_be_read_is_an_error_of_the_protocol(payload: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_messages(payload)
