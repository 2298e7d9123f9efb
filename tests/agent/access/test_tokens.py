"""Tokens: what the box has signed, and nothing else, is one."""

from __future__ import annotations

import base64
import json

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from p2claw.agent.access.tokens import INVITATION, SESSION, TOKEN, opened, sign, statement

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
RANDOM = bytes(range(16))


def test_a_token_is_opened_by_who_signed_it() -> None:
    token = sign(KEY, SESSION, "dog", RANDOM)
    assert TOKEN.fullmatch(token)
    assert opened(KEY, SESSION, "dog", token) == RANDOM


@pytest.mark.parametrize(
    "key, purpose, app",
    [(OTHER_KEY, SESSION, "dog"), (KEY, INVITATION, "dog"), (KEY, SESSION, "cat")],
)
def test_a_token_of_another_box_purpose_or_app_is_none(key: bytes, purpose: str, app: str) -> None:
    assert opened(KEY, SESSION, "dog", sign(key, purpose, app, RANDOM)) is None


def test_a_token_with_any_other_character_is_none() -> None:
    token = sign(KEY, SESSION, "dog", RANDOM)
    for at in range(len(token)):
        for other in ("A", "-", "z", "\n"):
            changed = token[:at] + other + token[at + 1 :]
            assert changed == token or opened(KEY, SESSION, "dog", changed) is None


@given(st.text())
def test_no_text_is_a_token_unless_it_was_signed(text: str) -> None:
    assert opened(KEY, SESSION, "dog", text) is None


def test_an_app_can_verify_who_visits() -> None:
    key = Ed25519PrivateKey.generate()
    written = statement(key, "peer", "dog", "guests", "invitation", "5e55" * 8, 1_000)
    signed, _, signature = written.rpartition(".")
    key.public_key().verify(_bytes(signature), signed.encode())
    head, claims = (json.loads(_bytes(part)) for part in signed.split("."))
    assert head == {"alg": "EdDSA", "typ": "JWT"}
    assert claims == {
        "iss": "peer",
        "aud": "dog",
        "sub": "guests",
        "way": "invitation",
        "sid": "5e555e555e555e55",
        "iat": 1_000,
        "exp": 1_300,
    }
    with pytest.raises(InvalidSignature):
        key.public_key().verify(_bytes(signature), signed.encode() + b"x")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
