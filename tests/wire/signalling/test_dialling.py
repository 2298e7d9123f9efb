"""p2claw.wire.signalling.dialling, on tests/vectors/dial.json."""

from __future__ import annotations

from typing import Any

import pytest

from p2claw.errors import RemoteProtocolError
from p2claw.wire.signalling.dialling import DESCRIPTOR_BYTES, Descriptor, DialName, Ticket
from p2claw.wire.signalling.signatures import ANSWER, DIAL, verify
from tests.wire.vectors import cases, read

VECTORS = read("dial.json")
KEY = bytes.fromhex(VECTORS["key"])
PUBLIC = bytes.fromhex(read("signatures.json")["key"]["public"])
FIRST = Ticket.unpack(bytes.fromhex(VECTORS["tickets"][0]["bytes"]))


@cases(VECTORS["tickets"])
def test_a_ticket_is_these_bytes_and_has_this_password(case: dict[str, Any]) -> None:
    ticket = Ticket(case["generation"], case["expires"], bytes.fromhex(case["nonce"]))
    assert ticket.pack().hex() == case["bytes"]
    assert Ticket.unpack(ticket.pack()) == ticket
    assert ticket.password(KEY) == case["password"]


def test_a_ticket_is_over_in_the_second_that_it_names() -> None:
    assert not FIRST.is_expired(FIRST.expires_s - 0.001)
    assert FIRST.is_expired(FIRST.expires_s)


def test_every_bit_of_a_ticket_changes_its_password() -> None:
    data = int.from_bytes(FIRST.pack(), "big")
    passwords = {FIRST.password(KEY)}
    for bit in range(120):  # the highest eight are the version
        passwords.add(Ticket.unpack((data ^ 1 << bit).to_bytes(16, "big")).password(KEY))
    assert len(passwords) == 121


@cases(VECTORS["names"])
def test_a_ufrag_carries_ticket_fingerprint_and_password(case: dict[str, Any]) -> None:
    name = DialName(FIRST, bytes.fromhex(case["fingerprint"]), case["password"])
    assert name.pack() == case["ufrag"]
    assert DialName.unpack(case["ufrag"]) == name


@cases(VECTORS["not_names"])
def test_a_ufrag_of_another_form_is_none_of_a_dial(case: dict[str, Any]) -> None:
    with pytest.raises(RemoteProtocolError):
        DialName.unpack(case["ufrag"])


@cases(VECTORS["descriptors"])
def test_a_descriptor_is_these_bytes_and_is_signed_for_this_alone(case: dict[str, Any]) -> None:
    addresses = tuple((host, port) for host, port in case["addresses"])
    fingerprint = bytes.fromhex(case["fingerprint"])
    descriptor = Descriptor(FIRST, case["password"], fingerprint, addresses)
    packed, signature = descriptor.pack(), bytes.fromhex(case["signature"])
    assert packed.hex() == case["bytes"]
    assert Descriptor.unpack(packed) == descriptor
    assert verify(PUBLIC, DIAL, packed, signature)
    assert not verify(PUBLIC, ANSWER, packed, signature)


@cases(VECTORS["not_descriptors"])
def test_what_is_no_descriptor_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(RemoteProtocolError):
        Descriptor.unpack(bytes.fromhex(case["bytes"]))


def test_the_longest_descriptor_fits() -> None:
    addresses = tuple((f"2001:db8::{n:x}", 65_535) for n in range(8))
    descriptor = Descriptor(FIRST, FIRST.password(KEY), bytes(32), addresses)
    assert len(descriptor.pack()) == 220 <= DESCRIPTOR_BYTES
