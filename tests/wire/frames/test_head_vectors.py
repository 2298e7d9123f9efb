"""tests/vectors/heads.json and hello.json."""

from __future__ import annotations

from typing import Any

import pytest

from p2claw.wire.frames.codes import Code
from p2claw.wire.frames.faults import HeadFault, SessionFault
from p2claw.wire.frames.heads import (
    RequestHead,
    ResponseHead,
    decode_request,
    decode_response,
    decode_trailers,
    encode_request,
    encode_response,
    encode_trailers,
)
from p2claw.wire.frames.hello import Hello, Role, agree, decode_hello
from tests.wire.vectors import cases, denoted, read

HEADS = read("heads.json")
HELLO = read("hello.json")


def _fields(fields: list[list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in fields)


def _request(head: dict[str, Any]) -> RequestHead:
    return RequestHead(
        head["method"],
        head["target"],
        _fields(head["fields"]),
        urgency=head["urgency"],
        protocol=head.get("protocol", ""),
        keep=head.get("keep", False),
    )


def _response(head: dict[str, Any]) -> ResponseHead:
    return ResponseHead(
        head["status"],
        _fields(head["fields"]),
        head["error"],
        head["reason"],
        tuple(head["origins"]),
        head["notice"],
    )


def _canonical(part: dict[str, Any]) -> list[dict[str, Any]]:
    return [case for case in part["valid"] if case["canonical"]]


@cases(HEADS["request"]["valid"])
def test_a_request_head_is_read(case: dict[str, Any]) -> None:
    assert decode_request(denoted(case["payload"])) == _request(case["head"])


@cases(_canonical(HEADS["request"]))
def test_a_request_head_is_written(case: dict[str, Any]) -> None:
    assert encode_request(_request(case["head"])) == denoted(case["payload"])


@cases(HEADS["request"]["invalid"])
def test_what_is_no_request_head_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(HeadFault) as refused:
        decode_request(denoted(case["payload"]))
    assert refused.value.code == case["code"]


@cases(HEADS["response"]["valid"])
def test_a_response_head_is_read(case: dict[str, Any]) -> None:
    assert decode_response(denoted(case["payload"])) == _response(case["head"])


@cases(_canonical(HEADS["response"]))
def test_a_response_head_is_written(case: dict[str, Any]) -> None:
    assert encode_response(_response(case["head"])) == denoted(case["payload"])


@cases(HEADS["response"]["invalid"])
def test_what_is_no_response_head_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(HeadFault) as refused:
        decode_response(denoted(case["payload"]))
    assert refused.value.code == case["code"]


@cases(HEADS["trailers"]["valid"])
def test_trailers_are_read_and_written(case: dict[str, Any]) -> None:
    fields = _fields(case["fields"])
    assert decode_trailers(denoted(case["payload"])) == fields
    assert encode_trailers(fields) == denoted(case["payload"])


@cases(HEADS["trailers"]["invalid"])
def test_what_are_no_trailers_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(HeadFault) as refused:
        decode_trailers(denoted(case["payload"]))
    assert refused.value.code == case["code"]


@cases(HELLO["valid"])
def test_a_hello_is_read(case: dict[str, Any]) -> None:
    value = case["hello"]
    role, extensions = Role(value["role"]), tuple(value["extensions"])
    token = bytes.fromhex(value["token"])
    expected = Hello(**{**value, "role": role, "extensions": extensions, "token": token})
    assert decode_hello(denoted(case["payload"])) == expected


@cases(HELLO["invalid"])
def test_what_is_no_hello_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(SessionFault) as refused:
        decode_hello(denoted(case["payload"]))
    assert refused.value.code == case["code"]


@cases(HELLO["versions"])
def test_two_hellos_agree_on_a_version_or_on_none(case: dict[str, Any]) -> None:
    ours = Hello(Role.BOX, version=case["ours"][0], oldest=case["ours"][1])
    theirs = Hello(Role.VISITOR, "dog", version=case["theirs"][0], oldest=case["theirs"][1])
    if case["version"] is not None:
        assert agree(ours, theirs) == case["version"]
        return
    with pytest.raises(SessionFault) as refused:
        agree(ours, theirs)
    assert refused.value.wire_code is Code.VERSION
