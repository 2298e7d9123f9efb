"""Reads what coturn writes of each allocation: which box it was for, and what it moved. Pure.

A user name is `expiry:box.visit`, made by `ice.py`; box is a key alias, so that it is never another
box's. coturn writes a line of usage every 4,096 packets of an allocation and at its end, each with
what was moved since the line before.
"""

from __future__ import annotations

import re
from collections import Counter

_USAGE = re.compile(
    rb": usage: realm=<[^>]*>, username=<\d{1,20}:([a-z2-7]{26})\.[^>]{1,100}>, "
    rb"rp=\d{1,20}, rb=(\d{1,20}), sp=\d{1,20}, sb=(\d{1,20})"
)


def user_of(expires_s: int, account: str, visit: str) -> str:
    """The user name of the credentials of a visit. account: of a box, "" if it is not known."""
    return f"{expires_s}:{account}.{visit}" if account else f"{expires_s}:{visit}"


def usage_in(lines: bytes) -> Counter[str]:
    """Bytes between the relay and its clients, both ways, by box. lines: whole ones."""
    moved: Counter[str] = Counter()
    for account, received, sent in _USAGE.findall(lines):
        moved[account.decode()] += int(received) + int(sent)
    return moved
