"""The ufrag of a dial, and descriptors: what is read is written the same."""

from __future__ import annotations

from p2claw.wire.signalling.dialling import Descriptor, DialName
from tests.wire.vectors import read

_VECTORS = read("dial.json")
SEEDS = [
    *(b"u" + case["ufrag"].encode() for case in _VECTORS["names"]),
    *(b"d" + bytes.fromhex(case["bytes"]) for case in _VECTORS["descriptors"]),
]


def run(data: bytes) -> None:
    if data[:1] == b"u":
        text = data[1:].decode("latin-1")
        assert DialName.unpack(text).pack() == text
    else:
        assert Descriptor.unpack(data[1:]).pack() == data[1:]
