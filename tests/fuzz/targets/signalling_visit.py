"""A message between visitor and coordinator: what is taken must be written and read as the same."""

from __future__ import annotations

from p2claw.wire.signalling import Unknown, decode_visit, encode_visit
from tests.wire.vectors import read

_VISIT = read("signalling.json")["visit"]

SEEDS = [case["message"].encode() for case in _VISIT["valid"] + _VISIT["ignored"]]


def run(data: bytes) -> None:
    # A WebSocket hands out Unicode; lone surrogates come in by the escapes of JSON, and here too.
    message = decode_visit(data.decode("utf-8", "surrogateescape"))
    if not isinstance(message, Unknown):
        assert decode_visit(encode_visit(message)) == message
