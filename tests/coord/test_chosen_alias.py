"""p2claw.coord.chosen_alias: which aliases may be chosen, and which look alike."""

from __future__ import annotations

import pytest

from p2claw.coord.chosen_alias import RESERVED_ALIASES, check_chosen, skeleton
from p2claw.errors import RefusedError


def _code(alias: str) -> str:
    with pytest.raises(RefusedError) as refusal:
        check_chosen(alias)
    return refusal.value.code


@pytest.mark.parametrize("alias", ["crab", "purplecrab", "a" + "bcde" * 4 + "xyz"])
def test_four_to_twenty_letters_may_be_chosen(alias: str) -> None:
    assert check_chosen(alias) == alias


@pytest.mark.parametrize(
    "alias", ["", "abc", "a" * 21, "Crab", "crab1", "my-crab", "crаb", "crab\n", "cr ab", "crab."]
)
def test_nothing_else_may(alias: str) -> None:
    assert _code(alias) == "alias-invalid"


@pytest.mark.parametrize("alias", sorted(word for word in RESERVED_ALIASES if word.isalpha()))
def test_reserved_words_may_not(alias: str) -> None:
    assert _code(alias) in ("alias-reserved", "alias-invalid")


@pytest.mark.parametrize("alias", ["adrnin", "suppport", "logln", "secvrity", "adnnin", "maill"])
def test_what_looks_like_a_reserved_word_may_not(alias: str) -> None:
    assert _code(alias) == "alias-reserved"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("modern", "modem"),
        ("clown", "down"),
        ("wave", "vvave"),
        ("illi", "lll1"),
        ("purplecrab", "purp1ecrab"),
        ("google", "gogle"),
    ],
)
def test_what_looks_alike_has_one_skeleton(one: str, other: str) -> None:
    assert skeleton(one) == skeleton(other)


def test_what_looks_different_has_not() -> None:
    words = ["crab", "crow", "grab", "drab", "purplecrab", "purplecow", "redfox"]
    assert len(set(map(skeleton, words))) == len(words)
