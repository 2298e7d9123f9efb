"""tests/vectors/signalling.json: every message of signalling, and what is refused."""

from __future__ import annotations

import base64
import json
from typing import Any

import msgpack
import pytest
from msgspec import Struct
from msgspec.structs import asdict

from p2claw.errors import RemoteProtocolError
from p2claw.wire.signalling import Unknown, decode_agent, decode_visit, encode_agent, encode_visit
from tests.wire.vectors import cases, denoted, read

VECTORS = read("signalling.json")
AGENT, VISIT = VECTORS["agent"], VECTORS["visit"]


def _plain(value: Any) -> Any:
    """A decoded message as the vectors show it: bytes in hex, lists, and no absent keys."""
    match value:
        case Struct():
            return _plain(asdict(value))
        case bytes():
            return value.hex()
        case list() | tuple():
            return [_plain(item) for item in value]
        case dict():
            return {key: _plain(item) for key, item in value.items() if item is not None}
    return value


def _text(written: Any) -> str:
    return written if isinstance(written, str) else "".join(part * n for part, n in written)


@cases(AGENT["valid"])
def test_an_agent_message_is_read_into_its_fields(case: dict[str, Any]) -> None:
    expected = {key: value for key, value in case["fields"].items() if value is not None}
    del expected["t"]
    assert _plain(decode_agent(denoted(case["message"]))) == expected


@cases(AGENT["valid"])
def test_an_agent_message_is_written_with_the_same_keys_and_values(case: dict[str, Any]) -> None:
    message = denoted(case["message"])
    assert msgpack.unpackb(encode_agent(decode_agent(message))) == msgpack.unpackb(message)


@cases(AGENT["ignored"])
def test_an_agent_message_of_an_unknown_type_is_an_unknown(case: dict[str, Any]) -> None:
    assert isinstance(decode_agent(denoted(case["message"])), Unknown)


@cases(AGENT["invalid"])
def test_a_broken_agent_message_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(RemoteProtocolError) as refusal:
        decode_agent(denoted(case["message"]))
    assert refusal.value.code == "protocol"


@cases(VISIT["valid"])
def test_a_visit_message_is_read_into_its_fields(case: dict[str, Any]) -> None:
    expected = dict(case["fields"])
    del expected["t"]
    if "signature" in expected:
        expected["signature"] = base64.b64decode(expected["signature"]).hex()
    if "dial" in expected:
        expected["dial"] = {k: base64.b64decode(v).hex() for k, v in expected["dial"].items()}
    if case["fields"]["t"] == "introduced":
        statements = expected.get("statements", [])
        expected["statements"] = [base64.b64decode(one).hex() for one in statements]
    if case["fields"]["t"] == "apps":
        expected.setdefault("down", [])
    assert _plain(decode_visit(case["message"])) == expected


@cases(VISIT["valid"])
def test_a_visit_message_is_written_with_the_same_keys_and_values(case: dict[str, Any]) -> None:
    assert json.loads(encode_visit(decode_visit(case["message"]))) == case["fields"]


@cases(VISIT["ignored"])
def test_a_visit_message_of_an_unknown_type_is_an_unknown(case: dict[str, Any]) -> None:
    assert isinstance(decode_visit(case["message"]), Unknown)


@cases(VISIT["invalid"])
def test_a_broken_visit_message_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(RemoteProtocolError) as refusal:
        decode_visit(_text(case["message"]))
    assert refusal.value.code == "protocol"
