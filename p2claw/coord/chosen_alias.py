"""Which aliases a box may choose: their grammar, and what looks like another. Pure.

The rule is in docs/OPERATIONS.md. With a to z alone no letter of another script can stand for one
of these, so what is left of confusables are these letters, side by side in a small font.
"""

from __future__ import annotations

import re

from p2claw.errors import RefusedError
from p2claw.names import RESERVED_APPS

_CHOSEN = re.compile(r"[a-z]{4,20}")

# Beside the reserved names of apps: mailboxes that speak for a whole domain (RFC 2142), and what
# visitors would read as the operator's own.
RESERVED_ALIASES = RESERVED_APPS | frozenset(
    (
        *("abuse", "hostmaster", "info", "marketing", "news", "noc", "postmaster", "sales"),
        *("security", "support", "usenet", "uucp", "webmaster"),
        *("administrator", "bank", "billing", "help", "helpdesk", "home", "localhost", "official"),
        *("pay", "payment", "payments", "root", "secure", "server", "signin", "signup", "verify"),
    )
)

# Pairs first: what they become may be one of a later pair.
_ALIKE = (("rn", "m"), ("nn", "m"), ("vv", "w"), ("uu", "w"), ("cl", "d"))
_SAME = str.maketrans({"i": "l", "j": "l", "0": "o", "1": "l", "5": "s", "q": "g", "v": "u"})
_DOUBLED = re.compile(r"(.)\1+")


def skeleton(alias: str) -> str:
    """What is left of an alias that looks like others: two that look alike have the same."""
    for pair, letter in _ALIKE:
        alias = alias.replace(pair, letter)
    return _DOUBLED.sub(r"\1", alias.translate(_SAME))


def check_chosen(alias: str) -> str:
    """The alias. Raises RefusedError `alias-invalid`, `alias-reserved`."""
    if not _CHOSEN.fullmatch(alias):
        raise RefusedError(
            f"{alias[:40]!r} cannot be chosen as an alias",
            code="alias-invalid",
            hint="Choose 4 to 20 letters, a to z",
        )
    if skeleton(alias) in _RESERVED_SKELETONS:
        raise RefusedError(
            f"{alias!r} is reserved, or looks like a name that is",
            code="alias-reserved",
            hint="Choose another",
        )
    return alias


_RESERVED_SKELETONS = frozenset(map(skeleton, RESERVED_ALIASES))
