"""A message between agent and coordinator: what is taken must be written and read as the same."""

from __future__ import annotations

from p2claw.wire.signalling import Unknown, decode_agent, encode_agent
from tests.vectors.by_hand import denoted
from tests.wire.vectors import read

_AGENT = read("signalling.json")["agent"]

SEEDS = [denoted(case["message"]) for case in _AGENT["valid"] + _AGENT["ignored"]]
SEEDS = [seed for seed in SEEDS if len(seed) < 2_000]


def run(data: bytes) -> None:
    message = decode_agent(data)
    if not isinstance(message, Unknown):
        assert decode_agent(encode_agent(message)) == message
