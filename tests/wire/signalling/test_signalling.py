"""p2claw.wire.signalling where vectors do not reach: unknown keys, defaults, sizes."""

from __future__ import annotations

import json
from collections.abc import Callable

import msgpack
import pytest

from p2claw.errors import LocalProtocolError, RemoteProtocolError
from p2claw.wire.signalling import (
    MESSAGE_BYTES,
    SDP_BYTES,
    Announce,
    BoxAnswer,
    BoxCandidate,
    BoxEnd,
    Challenge,
    Unknown,
    VisitEnd,
    VisitOffer,
    decode_agent,
    decode_visit,
    encode_agent,
    encode_visit,
)


def test_keys_that_an_agent_message_does_not_know_are_ignored() -> None:
    packed = msgpack.packb({"t": "end", "session": "s", "novelty": {"x": [1]}})
    assert decode_agent(packed) == BoxEnd("s")


def test_keys_that_a_visit_message_does_not_know_are_ignored() -> None:
    assert decode_visit('{"t":"end","novelty":[1]}') == VisitEnd()


def test_a_challenge_without_min_has_its_one_version() -> None:
    packed = msgpack.packb({"t": "challenge", "v": 3, "nonce": bytes(32), "time": 1})
    assert decode_agent(packed) == Challenge(nonce=bytes(32), time=1, v=3, min=3)


def test_a_candidate_without_mid_is_of_the_first_medium() -> None:
    packed = msgpack.packb({"t": "candidate", "session": "s", "candidate": "c"})
    assert decode_agent(packed) == BoxCandidate("s", "c", "0")


def test_an_answer_of_the_largest_size_arrives_whole() -> None:
    answer = BoxAnswer("s" * 64, "v" * SDP_BYTES, bytes(64))
    assert decode_agent(encode_agent(answer)) == answer


def test_an_offer_of_the_largest_size_arrives_whole() -> None:
    offer = VisitOffer("\n" * SDP_BYTES)
    assert decode_visit(encode_visit(offer)) == offer


def test_what_a_type_is_called_is_kept_when_it_is_unknown() -> None:
    assert decode_agent(msgpack.packb({"t": "novelty"})) == Unknown("novelty")


def test_a_message_of_exactly_the_limit_is_read() -> None:
    frame = len(json.dumps({"t": "end", "x": ""}))
    text = json.dumps({"t": "end", "x": "x" * (MESSAGE_BYTES - frame)})
    assert len(text) == MESSAGE_BYTES
    assert decode_visit(text) == VisitEnd()


def test_a_message_of_one_byte_more_is_refused() -> None:
    frame = len(json.dumps({"t": "end", "x": ""}))
    with pytest.raises(RemoteProtocolError):
        decode_visit(json.dumps({"t": "end", "x": "x" * (MESSAGE_BYTES - frame + 1)}))


def test_an_agent_message_of_ours_above_the_limit_is_our_fault() -> None:
    with pytest.raises(LocalProtocolError):
        encode_agent(Announce(1, ("a" * MESSAGE_BYTES,)))


def test_a_visit_message_of_ours_above_the_limit_is_our_fault() -> None:
    with pytest.raises(LocalProtocolError):
        encode_visit(VisitOffer("v" * MESSAGE_BYTES))


_OFFER = {"t": "offer", "session": "s", "app": None, "sdp": "", "ice_servers": [], "visitor": ""}


@pytest.mark.parametrize(
    ("message", "most_bytes"),
    [
        (lambda text: {"t": "candidate", "session": "s", "candidate": text}, 1_024),
        (lambda text: {**_OFFER, "app": text}, 128),
        (lambda text: {**_OFFER, "ice_servers": [{"urls": ["a", text]}]}, 512),
        (lambda text: {**_OFFER, "ice_servers": [{"urls": [], "credential": text}]}, 512),
        (lambda text: {"t": "announce", "seq": 1, "apps": ["a", text]}, 128),
        (lambda text: {"t": "announced", "seq": 1, "rejected": {text: "x"}}, 128),
        (lambda text: {"t": "announced", "seq": 1, "rejected": {"x": text}}, 64),
    ],
    ids=["field", "optional", "list in a map", "map in a list", "list", "key", "value"],
)
def test_limits_of_texts_count_bytes(
    message: Callable[[str], dict[str, object]], most_bytes: int
) -> None:
    fitting = "é" * (most_bytes // 2)
    decode_agent(msgpack.packb(message(fitting)))
    with pytest.raises(RemoteProtocolError, match=f"longer than {most_bytes} bytes"):
        decode_agent(msgpack.packb(message(fitting + "x")))
