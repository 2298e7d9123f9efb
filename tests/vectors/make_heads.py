"""Writes heads.json: msgpack heads and trailers, and what they mean."""

from __future__ import annotations

from typing import Any

from tests.vectors.by_hand import notation, packed

_LATIN = "caf\xe9 \x80\xff\t\x7f"


def heads_json() -> dict[str, Any]:
    return {
        "request": {"valid": _requests(), "invalid": _invalid(_BAD_REQUESTS)},
        "response": {"valid": _responses(), "invalid": _invalid(_BAD_RESPONSES)},
        "trailers": {"valid": _trailers(), "invalid": _invalid(_BAD_TRAILERS)},
    }


def _request(**changes: Any) -> dict[str, Any]:
    head = {"m": "GET", "p": "/", "h": [], **changes}
    return {key: value for key, value in head.items() if value is not ...}


def _response(**changes: Any) -> dict[str, Any]:
    head = {"s": 200, "h": [], **changes}
    return {key: value for key, value in head.items() if value is not ...}


def _requests() -> list[dict[str, Any]]:
    def valid(
        name: str,
        value: dict[str, Any],
        payload: bytes | None = None,
        *,
        canonical: bool = True,
    ) -> dict[str, Any]:
        return {
            "name": name,
            "payload": notation(packed(value) if payload is None else payload),
            "canonical": canonical,
            "head": {
                "method": value["m"],
                "target": value["p"],
                "fields": value["h"],
                "urgency": value.get("u", 3),
                **({"protocol": value["c"]} if "c" in value else {}),
                **({"keep": True} if value.get("k") else {}),
            },
        }

    least = _request()
    return [
        valid("the least", least),
        valid("a navigation", _request(p="/a?b=c&d#e", h=[["accept", "text/html"]], u=0)),
        valid("the least urgent", _request(u=7)),
        valid("the usual urgency, written out", _request(u=3), canonical=False),
        valid("repeated fields, in order", _request(h=[["a", "1"], ["b", "2"], ["a", "3"]])),
        valid("a value in ISO-8859-1", _request(h=[["x-name", _LATIN]])),
        valid("an empty value", _request(h=[["x-empty", ""]])),
        valid("all characters of a token", _request(m="!#$%&'*+-.^_`|~09azAZ")),
        valid("a field name of all that may be", _request(h=[["!#$%&'*+-.^_`|~09az", "x"]])),
        valid("a method of 32 characters", _request(m="M" * 32)),
        valid("the target * of OPTIONS", _request(m="OPTIONS", p="*")),
        valid("a CONNECT that opens a protocol", _request(m="CONNECT", p="/chat", c="websocket")),
        valid("one that is kept", _request(m="POST", k=1)),
        valid("one that is not kept, written out", _request(k=0), canonical=False),
        valid("a CONNECT that names none", _request(m="CONNECT", p="/chat")),
        valid("unknown keys are ignored", _request(zz={"n": [1, None]}), canonical=False),
        valid("keys in another order", {"h": [], "p": "/", "m": "GET"}, canonical=False),
        valid(
            "longer forms of text and list",
            least,
            b"\x83\xd9\x01m\xda\0\x03GET\xa1p\xdb\0\0\0\x01/\xa1h\xdc\0\0",
            canonical=False,
        ),
        valid("a longer form of map", least, b"\xde\0\x03" + packed(least)[1:], canonical=False),
    ]


def _responses() -> list[dict[str, Any]]:
    def valid(
        name: str, value: dict[str, Any], payload: bytes | None = None, *, canonical: bool = True
    ) -> dict[str, Any]:
        return {
            "name": name,
            "payload": notation(packed(value) if payload is None else payload),
            "canonical": canonical,
            "head": {
                "status": value["s"],
                "fields": value["h"],
                "error": value.get("e", ""),
                "reason": value.get("r", ""),
                "origins": value.get("o", []),
                "notice": value.get("n", ""),
            },
        }

    return [
        valid("the least", _response()),
        valid("the smallest status", _response(s=200)),
        valid("the largest status", _response(s=599)),
        valid("cookies stay apart", _response(h=[["set-cookie", "a=1"], ["set-cookie", "b=2"]])),
        valid("a response of the box itself", _response(s=502, e="app-down")),
        valid("a value in ISO-8859-1", _response(h=[["x-name", _LATIN]])),
        valid("a reason", _response(s=404, r="Not Found")),
        valid("a reason in ISO-8859-1", _response(s=404, r="Introuvable \xe9\t")),
        valid("a reason of 256 characters", _response(r="r" * 256)),
        valid("no reason, written out", _response(r=""), canonical=False),
        valid("origins of the app", _response(o=["http://localhost:3000", "https://[::1]"])),
        valid("16 origins", _response(o=["http://127.0.0.1:3000"] * 16)),
        valid("no origins, written out", _response(o=[]), canonical=False),
        valid("a notice", _response(n="It sets a cookie for \u5199.example.")),
        valid("a notice of 1024 characters", _response(n="n" * 1_024)),
        valid("no notice, written out", _response(n=""), canonical=False),
        valid("a status as u16", _response(), b"\x82\xa1s\xcd\0\xc8\xa1h\x90", canonical=False),
        valid("a status as u32", _response(), b"\x82\xa1s\xce\0\0\0\xc8\xa1h\x90", canonical=False),
        valid("unknown keys are ignored", _response(q="x"), canonical=False),
    ]


def _trailers() -> list[dict[str, Any]]:
    return [
        {"name": name, "payload": notation(packed(fields)), "canonical": True, "fields": fields}
        for name, fields in (
            ("none", []),
            ("some, in order", [["etag", '"1"'], ["x-sum", "a"], ["etag", '"2"']]),
            ("a value in ISO-8859-1", [["x-name", _LATIN]]),
        )
    ]


_BAD_FIELDS: list[tuple[str, Any, str]] = [
    ("fields as a map", {"a": "b"}, "bad-request"),
    ("fields as nil", None, "bad-request"),
    ("a field that is text", ["ab"], "bad-request"),
    ("a field of one item", [["a"]], "bad-request"),
    ("a field of three items", [["a", "b", "c"]], "bad-request"),
    ("a name that is a number", [[1, "b"]], "bad-request"),
    ("a name that is bytes", [[b"a", "b"]], "bad-request"),
    ("a value that is bytes", [["a", b"b"]], "bad-request"),
    ("a value that is nil", [["a", None]], "bad-request"),
    ("an empty name", [["", "b"]], "bad-request"),
    ("a name in capitals", [["Accept", "b"]], "bad-request"),
    ("a name with a colon", [[":path", "/"]], "bad-request"),
    ("a name with a space", [["a b", "c"]], "bad-request"),
    ("a name with a line end", [["a\n", "c"]], "bad-request"),
    ("a name beyond ASCII", [["\xe9", "c"]], "bad-request"),
    ("a value with CR", [["a", "b\rc"]], "bad-request"),
    ("a value with LF", [["a", "b\nc"]], "bad-request"),
    ("a value that ends in LF", [["a", "b\n"]], "bad-request"),
    ("a value with NUL", [["a", "b\0c"]], "bad-request"),
    ("a value beyond one octet", [["a", "\u0100"]], "bad-request"),
    ("a value with an emoji", [["a", "🐕"]], "bad-request"),
    ("1,025 fields", [["a", "b"]] * 1_025, "head-too-large"),
]

_NOT_A_HEAD: list[tuple[str, bytes, str]] = [
    ("nothing", b"", "bad-request"),
    ("a map cut off", b"\x83\xa1m", "bad-request"),
    ("a byte too much", packed(_request(s=200)) + b"\0", "bad-request"),
    ("two heads", packed(_request(s=200)) * 2, "bad-request"),
    ("text", packed("GET / HTTP/1.1"), "bad-request"),
    ("nil", packed(None), "bad-request"),
    ("the byte that msgpack never uses", b"\xc1", "bad-request"),
    ("text that is not UTF-8", b"\x83\xa1m\xa3GET\xa1p\xa2/\xff\xa1h\x90", "bad-request"),
    ("a list of 2³²−1 items", b"\x81\xa1h\xdd\xff\xff\xff\xff", "bad-request"),
    ("lists in lists, 2,000 deep", b"\x81\xa1z" + b"\x91" * 2_000 + b"\xc0", "bad-request"),
    ("a key that is a number", b"\x84\x01\xc0" + packed(_request(s=200))[1:], "bad-request"),
    ("262,145 bytes", packed(_request(s=200, h=[["a", "b" * 262_129]])), "head-too-large"),
]

_BAD_REQUESTS: list[tuple[str, bytes, str]] = [
    *_NOT_A_HEAD,
    ("a list", packed(["GET", "/"]), "bad-request"),
    *((name, packed(_request(h=fields)), code) for name, fields, code in _BAD_FIELDS),
    *(
        (name, packed(head), "bad-request")
        for name, head in (
            ("no method", _request(m=...)),
            ("no target", _request(p=...)),
            ("no fields", _request(h=...)),
            ("a method that is bytes", _request(m=b"GET")),
            ("a protocol without CONNECT", _request(c="websocket")),
            ("a protocol that is no token", _request(m="CONNECT", c="web socket")),
            ("a protocol that is true", _request(m="CONNECT", c=True)),
            ("a keep that is 2", _request(k=2)),
            ("a keep that is true", _request(k=True)),
            ("an empty method", _request(m="")),
            ("a method with a space", _request(m="GET /")),
            ("a method that ends in LF", _request(m="GET\n")),
            ("a method of 33 characters", _request(m="M" * 33)),
            ("a target that is a number", _request(p=1)),
            ("an empty target", _request(p="")),
            ("a target in absolute form", _request(p="http://192.168.0.1/")),
            ("a target in authority form", _request(m="CONNECT", p="host:443")),
            ("a target without its slash", _request(p="a")),
            ("the target * of GET", _request(p="*")),
            ("a target with a space", _request(p="/a b")),
            ("a target with CRLF", _request(p="/a\r\nb")),
            ("a target that ends in LF", _request(p="/a\n")),
            ("a target with DEL", _request(p="/\x7f")),
            ("a target beyond ASCII", _request(p="/é")),
            ("a target of 131,073 characters", _request(p="/" + "a" * 131_072)),
            ("an urgency of 8", _request(u=8)),
            ("an urgency of -1", _request(u=-1)),
            ("an urgency of 2⁶³", _request(u=2**63)),
            ("an urgency that is no whole number", _request(u=2.5)),
            ("an urgency that is true", _request(u=True)),
            ("an urgency that is nil", _request(u=None)),
            ("an urgency that is text", _request(u="0")),
        )
    ),
]

_BAD_RESPONSES: list[tuple[str, bytes, str]] = [
    *_NOT_A_HEAD,
    *((name, packed(_response(h=fields)), code) for name, fields, code in _BAD_FIELDS),
    *(
        (name, packed(head), "bad-request")
        for name, head in (
            ("no status", _response(s=...)),
            ("no fields", _response(h=...)),
            ("an interim status", _response(s=100)),
            ("a status of 199", _response(s=199)),
            ("a status of 600", _response(s=600)),
            ("a status that is text", _response(s="200")),
            ("a status that is true", _response(s=True)),
            ("a status that is no whole number", _response(s=200.5)),
            ("an error code that is a number", _response(e=1)),
            ("an error code that is nil", _response(e=None)),
            ("a reason that is a number", _response(r=1)),
            ("a reason that is nil", _response(r=None)),
            ("a reason with a line end", _response(r="OK\r\n")),
            ("a reason beyond one octet", _response(r="\u5199")),
            ("a reason of 257 characters", _response(r="r" * 257)),
            ("origins that are text", _response(o="http://localhost:3000")),
            ("an origin that is nil", _response(o=[None])),
            ("an origin with a path", _response(o=["http://localhost:3000/"])),
            ("an origin of another scheme", _response(o=["ws://localhost:3000"])),
            ("an origin with a line end", _response(o=["http://localhost\n"])),
            ("17 origins", _response(o=["http://localhost:3000"] * 17)),
            ("a notice that is nil", _response(n=None)),
            ("a notice that is a list", _response(n=["It sets a cookie"])),
            ("a notice of 1025 characters", _response(n="n" * 1_025)),
        )
    ),
]

_BAD_TRAILERS: list[tuple[str, bytes, str]] = [
    ("nothing", b"", "bad-request"),
    ("a list cut off", b"\x91\x92\xa1a", "bad-request"),
    ("a byte too much", b"\x90\0", "bad-request"),
    ("262,145 bytes", packed([["a", "b" * 262_136]]), "head-too-large"),
    *((name, packed(fields), code) for name, fields, code in _BAD_FIELDS),
]


def _invalid(cases: list[tuple[str, bytes, str]]) -> list[dict[str, Any]]:
    return [
        {"name": name, "payload": notation(payload), "code": code} for name, payload, code in cases
    ]
