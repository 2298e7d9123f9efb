"""HELLO in msgpack, and the version that follows from it."""

from __future__ import annotations

from p2claw.wire.frames.hello import Hello, Role, agree, decode_hello, encode_hello
from tests.vectors.by_hand import denoted
from tests.wire.vectors import read

SEEDS = [denoted(case["payload"]) for case in read("hello.json")["valid"]]


def run(data: bytes) -> None:
    hello = decode_hello(data)
    assert decode_hello(encode_hello(hello)) == hello
    assert agree(Hello(Role.BOX if hello.role is Role.VISITOR else Role.VISITOR), hello) == 1
