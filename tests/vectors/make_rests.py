"""Writes rests.json: which responses can be gone on with, how, and by which later ones."""

from __future__ import annotations

from typing import Any

_ETAG = ["etag", '"v1"']
_NOW = ["date", "Sun, 29 Nov 2026 12:00:00 GMT"]
_OLD = "Sun, 29 Nov 2026 11:59:59 GMT"


def rests_json() -> dict[str, Any]:
    return {"asked": [_asked(*case) for case in _ASKED], "never": _NEVER, "continued": _CONTINUED}


def _asked(
    name: str, response: dict[str, Any], came: int, range_: str, if_range: str
) -> dict[str, Any]:
    """came: body bytes. range_, if_range: of the request for the rest."""
    fields = [["accept", "*/*"], ["range", "bytes=0-"], ["if-range", "x"]]
    rest = [["accept", "*/*"], ["range", range_], ["if-range", if_range]]
    return {"name": name, "response": response, "came": came, "request": fields, "rest": rest}


def _response(status: int, *fields: list[str]) -> dict[str, Any]:
    return {"status": status, "fields": list(fields)}


_ASKED: list[tuple[str, dict[str, Any], int, str, str]] = [
    ("of unknown length", _response(200, _ETAG), 7, "bytes=7-", '"v1"'),
    (
        "of known length",
        _response(200, _ETAG, ["content-length", "10"]),
        7,
        "bytes=7-9",
        '"v1"',
    ),
    ("of which nothing came", _response(200, _ETAG), 0, "bytes=0-", '"v1"'),
    (
        "a part",
        _response(206, _ETAG, ["content-range", "bytes 100-199/1000"]),
        50,
        "bytes=150-199",
        '"v1"',
    ),
    (
        "a part of something of unknown length",
        _response(206, _ETAG, ["content-range", "bytes 100-199/*"]),
        50,
        "bytes=150-199",
        '"v1"',
    ),
    (
        "by its date, a second older than the response",
        _response(200, ["last-modified", _OLD], _NOW),
        7,
        "bytes=7-",
        _OLD,
    ),
]

_NEVER = [
    {"name": name, "method": method, "response": response}
    for name, method, response in (
        ("no validator", "GET", _response(200)),
        ("a weak one", "GET", _response(200, ["etag", 'W/"v1"'])),
        (
            "a weak one, with a date",
            "GET",
            _response(200, ["etag", 'W/"v1"'], ["last-modified", _OLD], _NOW),
        ),
        ("a date of this second", "GET", _response(200, ["last-modified", _NOW[1]], _NOW)),
        ("a date that is none", "GET", _response(200, ["last-modified", "yesterday"], _NOW)),
        ("a date, and none of the response", "GET", _response(200, ["last-modified", _OLD])),
        ("an app without ranges", "GET", _response(200, _ETAG, ["accept-ranges", "none"])),
        ("a POST", "POST", _response(200, _ETAG)),
        ("not found", "GET", _response(404, _ETAG)),
        ("several parts", "GET", _response(206, _ETAG, ["content-type", "multipart/byteranges"])),
        ("a part of no bytes", "GET", _response(206, _ETAG, ["content-range", "bytes */10"])),
    )
]

# After 7 of 10 bytes with _ETAG. skip: the bytes of it that came before; null: another version.
_CONTINUED = [
    {"name": name, "response": response, "skip": skip}
    for name, response, skip in (
        ("the rest", _response(206, _ETAG, ["content-range", "bytes 7-9/10"]), 0),
        ("all of it", _response(200, _ETAG, ["content-length", "10"]), 7),
        ("all of another version", _response(200, ["etag", '"v2"']), None),
        (
            "the rest of another version",
            _response(206, ["etag", '"v2"'], ["content-range", "bytes 7-9/10"]),
            None,
        ),
        ("from elsewhere", _response(206, _ETAG, ["content-range", "bytes 6-9/10"]), None),
        ("less than the rest", _response(206, _ETAG, ["content-range", "bytes 7-8/10"]), None),
        ("gone", _response(404, _ETAG), None),
        ("out of range", _response(416, _ETAG, ["content-range", "bytes */7"]), None),
    )
]
