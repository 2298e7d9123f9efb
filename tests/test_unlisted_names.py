"""Which app names are unlisted, and those that are made so."""

from __future__ import annotations

import pytest

from p2claw.names import check_app, is_unlisted, unlisted_app


@pytest.mark.parametrize(
    ("prefix", "kept"),
    [("", ""), ("dog", "dog-"), ("photos", "photo-"), ("a-b-c-d", "a-b-c-"), ("abcd-e", "abcd-")],
)
def test_a_name_that_is_made_is_an_app_name_and_unlisted(prefix: str, kept: str) -> None:
    made = {unlisted_app(prefix) for _ in range(200)}
    assert len(made) == 200
    for name in made:
        assert check_app(name) == name
        assert is_unlisted(name)
        assert name.startswith(kept)
        assert len(name) == len(kept) + 26


@pytest.mark.parametrize(
    "name",
    [
        "dog",
        "pneumonoultramicroscopicsi",  # 26 letters
        "version2ofalongerapplicatio",  # 27 characters
        "my-pneumonoultramicroscopicsi",
        "abcdefghijklmnopqrstuvwx2y",  # one digit
        "abcdefghijklmnopqrstu1vw23",  # 1 is not of base32
        "abcdefghijklm-nopqrstuvw23",
    ],
)
def test_ordinary_names_are_listed(name: str) -> None:
    assert not is_unlisted(name)


@pytest.mark.parametrize("name", ["abcdefghijklmnopqrstuvwx23", "d-23cdefghijklmnopqrstuvwxyz"])
def test_the_rule_is_in_the_name_alone(name: str) -> None:
    assert is_unlisted(name)
