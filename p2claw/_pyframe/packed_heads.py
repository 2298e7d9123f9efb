"""Heads as they cross a link, in msgpack: the usual ones, read and written without a detour.

Whatever is unusual in a head, and whatever is wrong, is left to `p2claw.wire.frames.heads`, which
reads and writes all of them. What is read here it reads alike, and what is written here it writes
alike. Here are also two ways to look at fields that have been read.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgpack

Fields = tuple[tuple[str, str], ...]

URGENCY_DEFAULT = 3
URGENCY_MOST = 7

_METHOD = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}")
_TARGET = re.compile(r"/[\x21-\x7e]{0,131071}")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")
_VALUE = re.compile(r"[\x01-\x09\x0b\x0c\x0e-\x7f]*")
_REASON = re.compile(r"[\t\x20-\x7e]{0,256}")

_TEXT_MOST = 0xFFFF

_OF_CONNECTION = ("keep-alive", "transfer-encoding")


def read_request(payload: bytes, most_fields: int) -> tuple[str, str, Fields, int] | None:
    """Method, target, fields and urgency of the head of a request; None if anything is unusual.

    Nothing else is in it, each key is in it once, and all text is ASCII.
    """
    keys: list[object] = []

    def pairs(found: list[tuple[object, Any]]) -> dict[object, Any]:
        keys.extend(key for key, _ in found)
        return dict(found)

    try:
        head = msgpack.unpackb(payload, use_list=False, object_pairs_hook=pairs)
    except Exception:
        return None
    if not isinstance(head, dict) or not 3 <= len(keys) <= 4 or len(keys) != len(head):
        return None
    if not {"m", "p", "h"} <= head.keys() <= {"m", "p", "h", "u"}:
        return None
    urgency = head.get("u", URGENCY_DEFAULT)
    if type(urgency) is not int or not 0 <= urgency <= URGENCY_MOST:
        return None
    if not _is(_METHOD, head["m"]) or not _is(_TARGET, head["p"]):
        return None
    if not _are_fields(head["h"], most_fields):
        return None
    return head["m"], head["p"], head["h"], urgency


def write_response(status: int, fields: Fields, reason: str, most_fields: int) -> bytes | None:
    """The head of a response that has a status, fields and a reason; None if anything is unusual.

    All text is ASCII, and no name or value has more than 65,535 characters.
    """
    if type(status) is not int or not 200 <= status <= 599 or not _is(_REASON, reason):
        return None
    if not _are_fields(fields, min(most_fields, _TEXT_MOST)):
        return None
    if any(len(name) > _TEXT_MOST or len(value) > _TEXT_MOST for name, value in fields):
        return None
    head: dict[str, object] = {"s": status, "h": fields}
    if reason:
        head["r"] = reason
    written: bytes = msgpack.packb(head)
    return written


def value_of(fields: Fields, name: str, absent: str = "") -> str:
    """The value of a field; of several of this name, the last one's."""
    for other, value in fields:
        if other == name:
            absent = value
    return absent


def look_through(fields: Fields, looked_at: frozenset[str]) -> tuple[Fields | None, str, str]:
    """The fields without those of the connection, the content's type and its coding.

    looked_at: names, of which neither the type nor the coding is one. The connection is kept: None
    in place of the fields if it is not, or if another name is looked at.
    """
    rest = tuple(
        field
        for field in fields
        if field[0] not in _OF_CONNECTION and field != ("connection", "keep-alive")
    )
    are_plain = not any(name in looked_at for name, _ in rest)
    kind = value_of(fields, "content-type")
    return rest if are_plain else None, kind, value_of(fields, "content-encoding", "identity")


def _are_fields(fields: Any, most: int) -> bool:
    if type(fields) is not tuple or len(fields) > most:
        return False
    return all(
        type(field) is tuple and len(field) == 2 and _is(_NAME, field[0]) and _is(_VALUE, field[1])
        for field in fields
    )


def _is(pattern: re.Pattern[str], text: object) -> bool:
    match: Callable[[str], object] = pattern.fullmatch
    return type(text) is str and match(text) is not None
