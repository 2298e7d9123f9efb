"""tests/vectors/records.json: the records of a WebSocket's stream, in any cut."""

from __future__ import annotations

from typing import Any

import pytest

from p2claw.errors import RemoteProtocolError
from p2claw.wire.frames.websocket_records import (
    Close,
    Kind,
    Part,
    RecordReader,
    encode_close,
    encode_part,
)
from tests.wire.vectors import cases, denoted, read

RECORDS = read("records.json")
CUTS = (1, 2, 3, 5, 16_376, 10**9)


def _messages(data: bytes, cut: int) -> list[tuple[str, bytes] | Close]:
    """What data means, given in pieces of so many bytes."""
    reader = RecordReader()
    found: list[tuple[str, bytes] | Close] = []
    message = b""
    for start in range(0, len(data), cut):
        for part in reader.feed(data[start : start + cut]):
            if isinstance(part, Close):
                found.append(part)
                continue
            message += part.data
            if part.final:
                found.append((part.kind.name.lower(), message))
                message = b""
    return found


def _means(case: dict[str, Any]) -> list[tuple[str, bytes] | Close]:
    return [
        Close(item["code"], item["reason"])
        if item["kind"] == "close"
        else (item["kind"], denoted(item["data"]))
        for item in case["means"]
    ]


@pytest.mark.parametrize("cut", CUTS)
@cases(RECORDS["valid"])
def test_records_mean_the_same_however_they_are_cut(case: dict[str, Any], cut: int) -> None:
    assert _messages(denoted(case["bytes"]), cut) == _means(case)


@pytest.mark.parametrize("cut", CUTS)
@cases(RECORDS["invalid"])
def test_what_are_no_records_is_refused(case: dict[str, Any], cut: int) -> None:
    with pytest.raises(RemoteProtocolError):
        _messages(denoted(case["bytes"]), cut)


@cases([case for case in RECORDS["valid"] if case["written"]])
def test_messages_are_written(case: dict[str, Any]) -> None:
    data = b"".join(
        encode_close(item.code, item.reason)
        if isinstance(item, Close)
        else encode_part(Kind[item[0].upper()], item[1], final=True)
        for item in _means(case)
    )
    assert data == denoted(case["bytes"])


def test_a_reason_is_cut_between_two_characters() -> None:
    (close,) = RecordReader().feed(encode_close(1000, "é" * 62))
    assert close == Close(1000, "é" * 61)


def test_parts_come_before_their_record_is_whole() -> None:
    record = encode_part(Kind.BINARY, b"ab", final=True)
    reader = RecordReader()
    assert [*reader.feed(record[:4])] == [Part(Kind.BINARY, b"a", final=False)]
    assert [*reader.feed(record[4:])] == [Part(Kind.BINARY, b"b", final=True)]
