"""What a worker sends to its agent: bytes that are taken must be written and read as the same."""

from __future__ import annotations

from p2claw.agent.workers.messages import Signalled, encode, of_worker_decoder
from tests.agent.workers.every_message import OF_WORKER

SEEDS = [encode(message) for message in OF_WORKER]


def run(data: bytes) -> None:
    for message in of_worker_decoder().feed(data):
        if isinstance(message, Signalled):
            message.message()
        (again,) = of_worker_decoder().feed(encode(message))
        assert encode(again) == encode(message)
