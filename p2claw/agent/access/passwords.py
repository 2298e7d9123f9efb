"""Passwords of apps: hashed by Argon2id, and never kept or logged in any other form."""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import TYPE_CHECKING

from p2claw.errors import UsageError

if TYPE_CHECKING:
    import argon2

# Below this a guesser needs no luck, at the rate that `tries.py` allows.
LEAST_CHARS = 8
MOST_BYTES = 1_024

# RFC 9106 §4, the second recommended choice, with one lane: a try costs one core some 100 ms.
MEMORY_KIB = 65_536
ROUNDS = 3

_HASH = re.compile(
    r"\$argon2id\$v=19\$m=(\d{1,6}),t=(\d{1,2}),p=(\d)\$[A-Za-z0-9+/]{22,86}\$[A-Za-z0-9+/]{43,86}"
)
MOST_MEMORY_KIB = 262_144
MOST_ROUNDS = 10


def check_password(password: str) -> str:
    """Return a password that an owner may choose.

    Raises UsageError `password-too-short`, `password-too-long`.
    """
    if len(password) < LEAST_CHARS:
        raise UsageError(
            f"The password has {len(password)} characters",
            code="password-too-short",
            hint=f"Give at least {LEAST_CHARS}; three or four words are easy to pass on",
        )
    if len(_bytes(password)) > MOST_BYTES:
        raise UsageError(f"A password has at most {MOST_BYTES} bytes", code="password-too-long")
    return password


def hash_of(password: str) -> str:
    """The hash of a password, some 100 ms later. Another one each time."""
    return _hasher().hash(_bytes(password))


def matches(hashed: str, password: str) -> bool:
    """Whether it is the password of this hash. An empty hash has none; it lasts as long."""
    if len(_bytes(password)) > MOST_BYTES:
        return False
    from argon2.exceptions import Argon2Error, InvalidHashError  # only here: see `_hasher`

    try:
        return _hasher().verify(hashed or _NOBODYS, _bytes(password)) and bool(hashed)
    except (Argon2Error, InvalidHashError):
        return False


def is_hash(text: str) -> bool:
    """Whether it is a hash that may be worked out here: of this kind, and not dearer than so."""
    match = _HASH.fullmatch(text)
    return match is not None and (
        8 <= int(match[1]) <= MOST_MEMORY_KIB
        and 1 <= int(match[2]) <= MOST_ROUNDS
        and int(match[3]) >= 1
    )


@functools.cache
def _hasher() -> argon2.PasswordHasher:
    import argon2  # only here: verbs that look at the apps of a box start without it

    return argon2.PasswordHasher(time_cost=ROUNDS, memory_cost=MEMORY_KIB, parallelism=1)


def _bytes(password: str) -> bytes:
    # One keyboard writes é as one character, another as two.
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


# Of a password that nobody knows, with the costs above.
_NOBODYS = (
    f"$argon2id$v=19$m={MEMORY_KIB},t={ROUNDS},p=1$cDJjbGF3LW5vYm9keS4uLg"
    "$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)
