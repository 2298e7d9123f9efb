"""Passwords are hashed by Argon2id, and compared as people write them."""

from __future__ import annotations

import pytest

from p2claw.agent.access.passwords import check_password, hash_of, is_hash, matches
from p2claw.errors import UsageError

HASH = hash_of("correct horse é")


def test_the_password_matches_and_no_other() -> None:
    assert matches(HASH, "correct horse é")
    for wrong in ("", "correct horse", "Correct horse é", "correct horse é ", "x" * 1_025):
        assert not matches(HASH, wrong)


def test_two_ways_to_write_a_letter_are_one_password() -> None:
    assert matches(HASH, "correct horse e\u0301")


def test_each_hash_is_another() -> None:
    assert hash_of("correct horse") != hash_of("correct horse")


@pytest.mark.parametrize("hashed", ["", "plain", "$argon2id$v=19$m=8,t=1,p=1$AAAA$AAAA"])
def test_nothing_matches_what_is_no_hash(hashed: str) -> None:
    for password in ("", "plain", hashed):
        assert not matches(hashed, password)


def test_a_hash_that_costs_too_much_is_none() -> None:
    assert is_hash(HASH)
    assert not is_hash(HASH.replace("m=65536", "m=900000"))
    assert not is_hash(HASH.replace("t=3", "t=99"))
    assert not is_hash(HASH.replace("argon2id", "argon2i"))


@pytest.mark.parametrize(
    "password, code",
    [("short", "password-too-short"), ("é" * 513, "password-too-long")],
)
def test_an_owner_reads_of_a_password_that_cannot_be(password: str, code: str) -> None:
    with pytest.raises(UsageError) as raised:
        check_password(password)
    assert raised.value.code == code
