"""tests/vectors/rests.json, and what is missing of a response."""

from __future__ import annotations

from typing import Any

from p2claw.visitor.rest import Rest
from p2claw.wire.frames.heads import Fields, RequestHead, ResponseHead
from tests.wire.vectors import cases, read

RESTS = read("rests.json")
SHORT = ResponseHead(200, (("etag", '"v1"'), ("content-length", "10")))
GET = RequestHead("GET", "/", ())


def fields_of(listed: list[list[str]]) -> Fields:
    return tuple((name, value) for name, value in listed)


def head_of(response: dict[str, Any]) -> ResponseHead:
    return ResponseHead(response["status"], fields_of(response["fields"]))


@cases(RESTS["asked"])
def test_the_rest_is_asked_for_by_range(case: dict[str, Any]) -> None:
    rest = Rest.of(GET, head_of(case["response"]))
    assert rest is not None
    rest.came = case["came"]
    assert rest.fields(fields_of(case["request"])) == fields_of(case["rest"])


@cases(RESTS["never"])
def test_there_is_no_way_to_ask_for_the_rest(case: dict[str, Any]) -> None:
    assert Rest.of(RequestHead(case["method"], "/", ()), head_of(case["response"])) is None


@cases(RESTS["continued"])
def test_a_response_is_the_rest_or_is_not(case: dict[str, Any]) -> None:
    rest = Rest.of(GET, SHORT)
    assert rest is not None
    rest.came = 7
    assert rest.skipped(head_of(case["response"])) == case["skip"]


def test_nothing_is_missing_once_all_bytes_have_come() -> None:
    rest = Rest.of(GET, SHORT)
    assert rest is not None
    rest.came = 9
    assert not rest.is_whole
    rest.came = 10
    assert rest.is_whole
