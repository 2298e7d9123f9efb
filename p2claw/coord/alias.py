"""Proposes aliases: readable, easy to spell on the phone, longer only if short ones are in use.

The store knows which ones are taken, and keeps them for ever.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from p2claw.coord.alias_words import ADJECTIVES, NOUNS

_TRIES_PER_LENGTH = 4
# The longest pair is 18 letters: 18 + 7 = 25, one less than a key alias: none looks like one.
_MOST_DIGITS = 7


def alias_candidates(source: random.Random) -> Iterator[str]:
    """`purplecrab` and the like, then with two, three … seven digits.

    The word lists hold tens of thousands of pairs; seven digits make that hundreds of thousands of
    millions.
    """
    for digits in (0, *range(2, _MOST_DIGITS + 1)):
        for _ in range(_TRIES_PER_LENGTH):
            pair = source.choice(ADJECTIVES) + source.choice(NOUNS)
            yield pair + _number(source, digits)


def _number(source: random.Random, digits: int) -> str:
    return str(source.randrange(10 ** (digits - 1), 10**digits)) if digits else ""
