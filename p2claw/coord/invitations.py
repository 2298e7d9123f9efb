"""The codes of invitations: how one is made, read and kept. Pure, but for the randomness.

A code has 100 random bits, so nobody guesses one, and its hash needs no salt. The store keeps the
hash alone: whoever reads the database cannot join.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets

_GROUPS, _GROUP = 5, 4
_CODE = re.compile(r"[a-z2-7]{20}")


def new_code() -> str:
    """A code for people: `k7dq-2mxa-…`, five groups of four."""
    text = base64.b32encode(secrets.token_bytes(15)).decode().lower()
    return "-".join(text[at : at + _GROUP] for at in range(0, _GROUPS * _GROUP, _GROUP))


def hash_of(code: str) -> bytes | None:
    """The hash by which an invitation is found; None: this is no code. Capitals and hyphens go."""
    plain = re.sub(r"[\s-]", "", code.lower())
    return hashlib.sha256(plain.encode()).digest() if _CODE.fullmatch(plain) else None
