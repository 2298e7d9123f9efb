"""tests/vectors/frames.json, on both codecs."""

from __future__ import annotations

from typing import Any

import pytest

from p2claw.errors import RemoteProtocolError
from p2claw.wire.frames.codec import Codec
from p2claw.wire.frames.codes import Code
from p2claw.wire.frames.payloads import (
    goaway_payload,
    read_goaway,
    read_reset,
    read_window,
    reset_payload,
    window_payload,
)
from tests.wire.vectors import cases, denoted, read

VECTORS = read("frames.json")


def _frames(case: dict[str, Any]) -> list[tuple[int, int, int, bytes]]:
    frames = case.get("frames") or [case["frame"]] * case["times"]
    return [(f["type"], f["flags"], f["stream"], denoted(f["payload"])) for f in frames]


@cases(VECTORS["valid"])
def test_a_valid_message_is_split_into_its_frames(codec: Codec, case: dict[str, Any]) -> None:
    assert codec.decode_message(denoted(case["message"])) == _frames(case)


@cases(VECTORS["valid"])
def test_the_frames_of_a_message_encode_to_its_bytes(codec: Codec, case: dict[str, Any]) -> None:
    encoded = b"".join(codec.encode_frame(*frame) for frame in _frames(case))
    assert encoded == denoted(case["message"])


@cases(VECTORS["invalid"])
def test_an_invalid_message_is_refused(codec: Codec, case: dict[str, Any]) -> None:
    with pytest.raises(RemoteProtocolError) as refused:
        codec.decode_message(denoted(case["message"]))
    assert refused.value.code == case["code"]


@cases(VECTORS["payloads"]["reset"]["read"])
def test_a_reset_is_read(case: dict[str, Any]) -> None:
    assert read_reset(denoted(case["payload"])) == (Code[case["code"]], case["reason"])


@cases(VECTORS["payloads"]["reset"]["written"])
def test_a_reset_is_written(case: dict[str, Any]) -> None:
    assert reset_payload(Code[case["code"]], case["reason"]) == denoted(case["payload"])


@cases(VECTORS["payloads"]["window"]["read"])
def test_a_window_is_read_and_written(case: dict[str, Any]) -> None:
    assert read_window(denoted(case["payload"])) == case["credit"]
    assert window_payload(case["credit"]) == denoted(case["payload"])


@cases(VECTORS["payloads"]["window"]["invalid"])
def test_a_window_that_may_not_be_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(RemoteProtocolError) as refused:
        read_window(denoted(case["payload"]))
    assert refused.value.code == case["code"]


@cases(VECTORS["payloads"]["goaway"]["read"])
def test_a_goaway_is_read(case: dict[str, Any]) -> None:
    expected = (case["last_stream"], Code[case["code"]], case["reason"])
    assert read_goaway(denoted(case["payload"])) == expected


@cases([case for case in VECTORS["payloads"]["goaway"]["read"] if case["code"] != "INTERNAL"])
def test_a_goaway_is_written(case: dict[str, Any]) -> None:
    written = goaway_payload(case["last_stream"], Code[case["code"]], case["reason"])
    assert written == denoted(case["payload"])
