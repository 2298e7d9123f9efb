"""Writes statements.json: what keys state about other keys, and which names and keys it leads to.

The signer is the key of signatures.json, the others are made of bytes that are written here.
"""

from __future__ import annotations

from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.vectors.make_signatures import SECRET

_FOUNDER = Ed25519PrivateKey.from_private_bytes(SECRET)
_MEMBER = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
_OTHER = Ed25519PrivateKey.from_private_bytes(b"\x02" * 32)
_PURPOSES = {1: "delegate", 2: "rotate", 3: "backup"}

_ISSUED_S = 1_700_000_000
_DAY_S = 86_400
_WEEK_LATER_S = _ISSUED_S + 7 * _DAY_S


def statements_json() -> dict[str, Any]:
    good = _stated(1)
    return {
        "founder": _public(_FOUNDER).hex(),
        "member": _public(_MEMBER).hex(),
        "other": _public(_OTHER).hex(),
        "statements": [
            _case("a delegation", good),
            _case("a delegation of the longest life", _stated(1, expires_s=_ISSUED_S + 8 * _DAY_S)),
            _case("a successor", _stated(2, expires_s=0)),
            _case("a backup key", _stated(3, expires_s=0)),
            _case("the last second that fits", _stated(2, expires_s=2**32 - 1)),
        ],
        "broken": [
            {"name": name, "bytes": data.hex()}
            for name, data in (
                ("nothing", b""),
                ("a byte too few", good[:-1]),
                ("a byte too many", good + b"\0"),
                ("another version", b"\2" + good[1:]),
                ("no kind", good[:1] + b"\0" + good[2:]),
                ("a kind that is not known", good[:1] + b"\4" + good[2:]),
            )
        ],
        "owners": [_owner(*given) for given in _owners(good)],
        "lines": [_line(*given) for given in _lines()],
    }


def _owners(good: bytes) -> list[tuple[str, list[bytes], int, str, str]]:
    now_s = _ISSUED_S + _DAY_S
    changed = bytearray(good)
    changed[73] ^= 1  # the end is a second later than what was signed
    as_rotate = _signed(1, "rotate", _FOUNDER, _MEMBER, _ISSUED_S, _WEEK_LATER_S)
    for_other = _stated(1, subject=_OTHER)
    onwards = _stated(1, signer=_MEMBER, subject=_OTHER)
    too_long = _stated(1, expires_s=_ISSUED_S + 8 * _DAY_S + 1)
    return [
        ("no statement", [], now_s, "member", "member"),
        ("a delegation", [good], now_s, "member", "founder"),
        ("the founder beside a delegation", [good], now_s, "founder", "founder"),
        ("its last second", [good], _WEEK_LATER_S - 1, "member", "founder"),
        ("it has expired", [good], _WEEK_LATER_S, "member", "member"),
        ("a clock that is 300 s ahead", [good], _ISSUED_S - 300, "member", "founder"),
        ("it is of the future", [good], _ISSUED_S - 301, "member", "member"),
        ("it is of another box", [for_other], now_s, "member", "member"),
        ("it was changed", [bytes(changed)], now_s, "member", "member"),
        ("it was signed for another purpose", [as_rotate], now_s, "member", "member"),
        ("it has no end", [_stated(1, expires_s=0)], now_s, "member", "member"),
        ("its life is too long", [too_long], now_s, "member", "member"),
        ("a successor is no member", [_stated(2, expires_s=0)], now_s, "member", "member"),
        ("a member delegates further", [good, onwards], now_s, "other", "member"),
        ("a box delegates to itself", [_stated(1, subject=_FOUNDER)], now_s, "founder", "founder"),
        ("what is broken is passed over", [b"", bytes(changed), good], now_s, "member", "founder"),
    ]


def _lines() -> list[tuple[str, list[bytes], str, list[str]]]:
    change, further = _changed(_FOUNDER, _MEMBER), _changed(_MEMBER, _OTHER)
    forged = change[:-1] + bytes([change[-1] ^ 1])
    as_backup = _signed(2, "backup", _FOUNDER, _MEMBER, _ISSUED_S, 0)
    named = _stated(3, subject=_OTHER, expires_s=0)
    return [
        ("no statement", [], "member", ["member"]),
        ("a successor", [change], "member", ["member", "founder"]),
        ("the key before", [change], "founder", ["founder"]),
        ("two changes, the last one first", [further, change], "other", _ALL),
        ("a circle", [change, _changed(_MEMBER, _FOUNDER)], "member", ["member", "founder"]),
        ("it was changed", [forged], "member", ["member"]),
        ("a forgery before it", [forged, change], "member", ["member", "founder"]),
        ("it was signed for another purpose", [as_backup], "member", ["member"]),
        ("a chain that is broken", [further, forged], "other", ["other", "member"]),
        (
            "by a backup key",
            [_changed(_OTHER, _MEMBER), named],
            "member",
            ["member", "founder"],
        ),
        ("a backup key is no successor", [named], "other", ["other"]),
        (
            "by a backup key that nobody has named",
            [_changed(_OTHER, _MEMBER), forged],
            "member",
            ["member", "other"],
        ),
        (
            "a delegation by a key that follows",
            [change, _stated(1, signer=_MEMBER, subject=_OTHER)],
            "other",
            ["member", "founder"],
        ),
        (
            "a delegation to a key that was followed",
            [_stated(1, subject=_MEMBER), further],
            "other",
            ["founder"],
        ),
        ("what is broken is passed over", [b"", change], "member", ["member", "founder"]),
    ]


_ALL = ["other", "member", "founder"]


def _changed(before: Ed25519PrivateKey, after: Ed25519PrivateKey) -> bytes:
    return _stated(2, signer=before, subject=after, expires_s=0)


def _line(name: str, statements: list[bytes], found: str, line: list[str]) -> dict[str, Any]:
    return {
        "name": name,
        "statements": [data.hex() for data in statements],
        "now_s": _ISSUED_S + _DAY_S,
        "found": found,
        "line": line,
    }


def _owner(
    name: str, statements: list[bytes], now_s: int, found: str, owner: str
) -> dict[str, Any]:
    return {
        "name": name,
        "statements": [data.hex() for data in statements],
        "now_s": now_s,
        "found": found,
        "owner": owner,
    }


def _case(name: str, data: bytes) -> dict[str, Any]:
    return {
        "name": name,
        "kind": _PURPOSES[data[1]],
        "signer": data[2:34].hex(),
        "subject": data[34:66].hex(),
        "issued_s": int.from_bytes(data[66:70], "big"),
        "expires_s": int.from_bytes(data[70:74], "big"),
        "bytes": data.hex(),
    }


def _stated(
    kind: int,
    *,
    signer: Ed25519PrivateKey = _FOUNDER,
    subject: Ed25519PrivateKey = _MEMBER,
    expires_s: int = _WEEK_LATER_S,
) -> bytes:
    return _signed(kind, _PURPOSES[kind], signer, subject, _ISSUED_S, expires_s)


def _signed(
    kind: int,
    purpose: str,
    signer: Ed25519PrivateKey,
    subject: Ed25519PrivateKey,
    issued_s: int,
    expires_s: int,
) -> bytes:
    payload = bytes((1, kind)) + _public(signer) + _public(subject)
    payload += issued_s.to_bytes(4, "big") + expires_s.to_bytes(4, "big")
    return payload + signer.sign(b"p2claw/1 " + purpose.encode() + b"\0" + payload)


def _public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()
