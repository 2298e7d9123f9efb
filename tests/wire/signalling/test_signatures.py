"""p2claw.wire.signalling.signatures, on tests/vectors/signatures.json."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from p2claw import names
from p2claw.errors import RemoteProtocolError
from p2claw.wire.signalling.ed25519 import is_sound
from p2claw.wire.signalling.signatures import (
    ANSWER,
    REGISTER,
    answer_payload,
    fingerprint_of,
    register_payload,
    signed_bytes,
    verify,
    without_other_fingerprints,
)
from tests.wire.vectors import cases, read

VECTORS = read("signatures.json")
PUBLIC = bytes.fromhex(VECTORS["key"]["public"])
GOOD = [case for case in VECTORS["descriptions"] if case["fingerprint"]]
BAD = [case for case in VECTORS["descriptions"] if not case["fingerprint"]]


def _payload(purpose: str, case: dict[str, Any]) -> bytes:
    if purpose == REGISTER:
        return register_payload(bytes.fromhex(case["nonce"]), case["time"], case["audience"])
    return answer_payload(case["session"], case["offer"], bytes.fromhex(case["fingerprint"]))


SIGNED = [
    pytest.param(purpose, case, id=f"{purpose}: {case['name']}")
    for purpose in (REGISTER, ANSWER)
    for case in VECTORS[purpose]
]


def test_the_secret_key_of_the_vectors_has_their_public_key() -> None:
    secret = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(VECTORS["key"]["secret"]))
    assert secret.public_key().public_bytes_raw() == PUBLIC


def test_the_peer_id_is_the_public_key_in_base32() -> None:
    assert names.peer_id_of(PUBLIC) == VECTORS["key"]["peer_id"]


def test_the_key_alias_is_the_hash_of_the_public_key() -> None:
    assert names.key_alias_of(PUBLIC) == VECTORS["key"]["key_alias"]


@pytest.mark.parametrize(("purpose", "case"), SIGNED)
def test_what_is_signed_is_these_bytes(purpose: str, case: dict[str, Any]) -> None:
    assert signed_bytes(purpose, _payload(purpose, case)).hex() == case["signed"]


@pytest.mark.parametrize(("purpose", "case"), SIGNED)
def test_the_signature_holds(purpose: str, case: dict[str, Any]) -> None:
    signature = bytes.fromhex(case["signature"])
    assert verify(PUBLIC, purpose, _payload(purpose, case), signature)


@pytest.mark.parametrize(("purpose", "case"), SIGNED)
def test_the_signature_does_not_hold_for_another_purpose(
    purpose: str, case: dict[str, Any]
) -> None:
    other = ANSWER if purpose == REGISTER else REGISTER
    signature = bytes.fromhex(case["signature"])
    assert not verify(PUBLIC, other, _payload(purpose, case), signature)


@pytest.mark.parametrize(("purpose", "case"), SIGNED)
def test_the_signature_does_not_hold_by_another_key(purpose: str, case: dict[str, Any]) -> None:
    other = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw()
    signature = bytes.fromhex(case["signature"])
    assert not verify(other, purpose, _payload(purpose, case), signature)


@pytest.mark.parametrize("bit", [0, 7, 255, 511])
def test_a_signature_with_one_bit_changed_does_not_hold(bit: int) -> None:
    case = VECTORS[ANSWER][0]
    changed = bytearray.fromhex(case["signature"])
    changed[bit // 8] ^= 1 << bit % 8
    assert not verify(PUBLIC, ANSWER, _payload(ANSWER, case), bytes(changed))


@pytest.mark.parametrize("key", [b"", bytes(31), bytes(33), b"\xff" * 32])
def test_a_key_that_is_none_verifies_nothing(key: bytes) -> None:
    case = VECTORS[ANSWER][0]
    signature = bytes.fromhex(case["signature"])
    assert not verify(key, ANSWER, _payload(ANSWER, case), signature)


@cases(GOOD)
def test_the_fingerprint_is_found(case: dict[str, Any]) -> None:
    assert fingerprint_of(case["sdp"]).hex() == case["fingerprint"]


@cases(GOOD)
def test_only_fingerprints_that_were_verified_are_kept(case: dict[str, Any]) -> None:
    assert without_other_fingerprints(case["sdp"]) == case["kept"]


@cases(BAD)
def test_a_description_without_one_clear_fingerprint_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(RemoteProtocolError) as refusal:
        fingerprint_of(case["sdp"])
    assert refusal.value.code == "protocol"


@cases(VECTORS["unsound"])
def test_what_others_could_have_signed_too_is_not_accepted(case: dict[str, Any]) -> None:
    assert not is_sound(bytes.fromhex(case["public"]), bytes.fromhex(case["signature"]))


def test_keys_that_are_made_at_random_are_sound() -> None:
    for _ in range(200):
        key = Ed25519PrivateKey.generate()
        assert is_sound(key.public_key().public_bytes_raw(), key.sign(b"dog"))
