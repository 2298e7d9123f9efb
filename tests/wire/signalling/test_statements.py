"""p2claw.wire.signalling.statements and belonging, on tests/vectors/statements.json."""

from __future__ import annotations

from typing import Any

import pytest

from p2claw.errors import RemoteProtocolError
from p2claw.wire.signalling.belonging import line_of, owner_of
from p2claw.wire.signalling.statements import STATEMENT_BYTES, Kind, Statement
from tests.wire.vectors import cases, read

VECTORS = read("statements.json")


@cases(VECTORS["statements"])
def test_a_statement_is_these_bytes(case: dict[str, Any]) -> None:
    statement = Statement(
        Kind[case["kind"].upper()],
        bytes.fromhex(case["signer"]),
        bytes.fromhex(case["subject"]),
        case["issued_s"],
        case["expires_s"],
    )
    read_back = Statement.unpack(bytes.fromhex(case["bytes"]))
    assert read_back.payload() == statement.payload()
    assert read_back.pack().hex() == case["bytes"]
    assert len(read_back.pack()) == STATEMENT_BYTES
    assert read_back.is_genuine()


@cases(VECTORS["broken"])
def test_other_bytes_are_no_statement(case: dict[str, Any]) -> None:
    with pytest.raises(RemoteProtocolError):
        Statement.unpack(bytes.fromhex(case["bytes"]))


@cases(VECTORS["owners"])
def test_whose_names_a_key_has(case: dict[str, Any]) -> None:
    statements = [bytes.fromhex(data) for data in case["statements"]]
    found = bytes.fromhex(VECTORS[case["found"]])
    assert owner_of(found, statements, case["now_s"]).hex() == VECTORS[case["owner"]]


@pytest.mark.parametrize("at", range(STATEMENT_BYTES))
def test_a_statement_with_any_byte_changed_is_not_genuine(at: int) -> None:
    changed = bytearray(bytes.fromhex(VECTORS["statements"][0]["bytes"]))
    changed[at] ^= 1
    try:
        statement = Statement.unpack(bytes(changed))
    except RemoteProtocolError:
        return
    assert not statement.is_genuine()


@cases(VECTORS["lines"])
def test_which_keys_a_key_follows(case: dict[str, Any]) -> None:
    statements = [bytes.fromhex(data) for data in case["statements"]]
    found = bytes.fromhex(VECTORS[case["found"]])
    line = [one.hex() for one in line_of(found, statements, case["now_s"])]
    assert line == [VECTORS[who] for who in case["line"]]
