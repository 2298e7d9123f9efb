"""Messages between agent and worker, as bytes."""

from __future__ import annotations

import contextlib
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2claw.agent.workers import messages
from p2claw.agent.workers.messages import (
    Decoder,
    Drain,
    Ended,
    Message,
    Sign,
    Signalled,
    Stop,
    encode,
    of_worker_decoder,
    to_worker_decoder,
)
from p2claw.errors import LocalProtocolError, RemoteProtocolError
from p2claw.wire.signalling import BoxEnd
from tests.agent.workers.every_message import OF_WORKER, TO_WORKER


def frame(decoded: object) -> bytes:
    """A frame that no encoder of ours made."""
    payload = msgpack.packb(decoded)
    return len(payload).to_bytes(4, "big") + payload


def name_of(message: Message) -> str:
    return type(message).__name__


@pytest.mark.parametrize(
    ("message", "encoded"),
    [
        (Stop(), b"\x00\x00\x00\x08\x81\xa1t\xa4stop"),
        (Ended("ab"), b"\x00\x00\x00\x14\x82\xa1t\xa5ended\xa7session\xa2ab"),
        (
            Drain(2.5),
            b"\x00\x00\x00\x1c\x82\xa1t\xa5drain\xa9timeout_s\xcb\x40\x04\x00\x00\x00\x00\x00\x00",
        ),
        (
            Signalled.of(BoxEnd("x")),
            b"\x00\x00\x00\x2b\x82\xa1t\xa9signalled\xaasignalling"
            b"\xc4\x11\x82\xa1t\xa3end\xa7session\xa1x",
        ),
    ],
    ids=["stop", "ended", "drain", "signalled"],
)
def test_a_frame_is_a_length_and_a_map(message: Message, encoded: bytes) -> None:
    assert encode(message) == encoded


@pytest.mark.parametrize("message", TO_WORKER, ids=name_of)
def test_a_worker_reads_what_was_sent(message: Message) -> None:
    assert to_worker_decoder().feed(encode(message)) == [message]


@pytest.mark.parametrize("message", OF_WORKER, ids=name_of)
def test_an_agent_reads_what_was_sent(message: Message) -> None:
    assert of_worker_decoder().feed(encode(message)) == [message]


def test_every_kind_of_message_is_tried_here() -> None:
    kinds = {kind for kind in Message.__subclasses__() if kind.__module__ == messages.__name__}
    assert {type(message) for message in (*TO_WORKER, *OF_WORKER)} == kinds


@given(st.lists(st.integers(1, 400), max_size=12))
def test_it_does_not_matter_how_the_bytes_come(cuts: list[int]) -> None:
    stream = b"".join(map(encode, OF_WORKER))
    decoder, decoded, begin = of_worker_decoder(), [], 0
    for size in [*cuts, len(stream)]:
        decoded += decoder.feed(stream[begin : begin + size])
        begin += size
    assert decoded == list(OF_WORKER)


@pytest.mark.parametrize("message", TO_WORKER, ids=name_of)
def test_a_message_for_workers_is_refused_from_one(message: Message) -> None:
    if isinstance(message, Signalled):
        return  # the one that goes both ways
    with pytest.raises(RemoteProtocolError):
        of_worker_decoder().feed(encode(message))


@pytest.mark.parametrize(
    "data",
    [
        frame([]),
        frame({}),
        frame({"t": "nonsense"}),
        frame({"t": "ended"}),
        frame({"t": "ended", "session": 5}),
        frame({"t": "ended", "session": "x", "more": 1}),
        frame({"t": "sign", "session": "x", "fingerprint": bytes(31)}),
        frame({"t": "links", "seq": 1, "links": [{"id": "x"}]}),
        frame({"t": "ready"}) + frame(1),
        b"\x00\x00\x00\x00",
        b"\x00\x00\x00\x01\xc1",
        b"\x01\x00\x00\x01",
        b"\xff\xff\xff\xff",
    ],
)
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        of_worker_decoder().feed(data)


def test_names_that_are_none_are_refused() -> None:
    offered: dict[str, Any] = msgpack.unpackb(encode(TO_WORKER[3])[4:])
    offered["names"]["base"] = "nonsense"
    with pytest.raises(RemoteProtocolError):
        to_worker_decoder().feed(frame(offered))


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    for decoder in (of_worker_decoder(), to_worker_decoder()):
        feed_whatever(decoder, data)
        feed_whatever(decoder, len(data).to_bytes(4, "big") + data)


def feed_whatever(decoder: Decoder[Any], data: bytes) -> None:
    with contextlib.suppress(RemoteProtocolError):
        decoder.feed(data)


def test_a_message_that_is_too_long_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "FRAME_BYTES", 40)
    with pytest.raises(LocalProtocolError):
        encode(Sign("session-1", bytes(32)))


def test_a_length_that_is_too_long_is_refused_before_its_bytes_come() -> None:
    with pytest.raises(RemoteProtocolError):
        of_worker_decoder().feed((messages.FRAME_BYTES + 1).to_bytes(4, "big"))
