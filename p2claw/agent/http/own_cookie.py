"""The cookie of the box itself, by which a visitor shows its session: no app ever sees or sets it.

`access/` decides what it is worth.
"""

from __future__ import annotations

NAME = "p2claw-access"

# A browser sends one. More than these are not looked at.
MOST_TOKENS = 3


def without_own(cookies: str) -> str:
    """The value of a Cookie field as apps may see it, "" if nothing is left."""
    if NAME not in cookies.lower():
        return cookies
    kept = [pair for pair in cookies.split(";") if not _is_own(pair)]
    return ";".join(kept).strip()


def own_tokens(cookies: str) -> list[str]:
    """The tokens of the box's cookie in the value of a Cookie field; at most MOST_TOKENS."""
    found = [pair.partition("=")[2].strip() for pair in cookies.split(";") if _is_own(pair)]
    return found[:MOST_TOKENS]


def sets_own(set_cookie: str) -> bool:
    """Whether the value of a Set-Cookie field would set it."""
    return _is_own(set_cookie.partition(";")[0])


def _is_own(pair: str) -> bool:
    # Servers differ in which quotes and blanks they drop: none of them is to see it.
    name, sign, value = pair.partition("=")
    named = name if sign and name.strip() else value or name
    return named.strip(' \t"').lower() == NAME
