"""p2claw.coord.alias: the words, and what is proposed."""

from __future__ import annotations

import itertools
import random
import re

import pytest

from p2claw import names
from p2claw.coord.alias import alias_candidates
from p2claw.coord.alias_words import ADJECTIVES, NOUNS

LISTS = pytest.mark.parametrize("words", [ADJECTIVES, NOUNS], ids=["adjectives", "nouns"])

# Four letters each: what must not stand anywhere in an address, not even across the two words.
_UNFIT = re.compile(
    "anal|anus|arse|cock|cunt|dick|fuck|hell|kill|nazi|piss|poop|porn|rape|shit|slut|tits|twat|wank"
)


@LISTS
def test_there_are_enough_words(words: tuple[str, ...]) -> None:
    assert len(words) >= 200


@LISTS
def test_no_word_stands_twice(words: tuple[str, ...]) -> None:
    assert len(set(words)) == len(words)


@LISTS
def test_words_are_of_lower_case_letters(words: tuple[str, ...]) -> None:
    assert [word for word in words if not re.fullmatch("[a-z]{2,9}", word)] == []


def test_no_pair_of_words_is_unfit_to_print() -> None:
    pairs = map("".join, itertools.product(ADJECTIVES, NOUNS))
    assert [pair for pair in pairs if _UNFIT.search(pair)] == []


def test_every_candidate_is_an_alias() -> None:
    candidates = alias_candidates(random.Random(1))
    assert [alias for alias in candidates if not names.ALIAS.fullmatch(alias)] == []


def test_the_first_candidates_have_no_digits() -> None:
    first = itertools.islice(alias_candidates(random.Random(1)), 4)
    assert [alias for alias in first if not alias.isalpha()] == []


def test_later_candidates_have_ever_more_digits() -> None:
    candidates = list(alias_candidates(random.Random(1)))
    counts = [sum(character.isdigit() for character in alias) for alias in candidates]
    assert counts == sorted(counts) and counts[-1] == 7


def test_no_candidate_can_be_mistaken_for_a_key_alias() -> None:
    longest = max(map(len, ADJECTIVES)) + max(map(len, NOUNS)) + 7
    assert longest < names.KEY_ALIAS_CHARS
