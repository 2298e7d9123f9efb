"""Writes signalling.json: every message of docs/WIRE.md §11 and §12, and what is none.

Agent messages are msgpack put together by hand, in hex; visit messages are JSON text, or a list of
[text, times] where a text repeats itself. `fields` has the values under the names of the wire,
bytes in hex.
"""

from __future__ import annotations

import base64
import json
import re
from typing import Any

from tests.vectors.by_hand import notation, packed

_RUN = re.compile(r"(.)\1{63,}", re.DOTALL)

_NONCE = bytes(range(32))
_KEY = bytes(range(32, 64))
_SIGNATURE = bytes(range(64, 128))
_TOKEN = bytes(range(66))
_SDP = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\n"
_PEER_ID = "2" * 52
_STUN = {"urls": ["stun:stun.example.org:3478"]}
_TURN = {
    "urls": ["turn:a.example.org", "turn:b.example.org?transport=tcp"],
    "username": "1700000000:s1",
    "credential": "c2VjcmV0",
}


def signalling_json() -> dict[str, Any]:
    return {
        "agent": {
            "valid": [_agent(name, fields) for name, fields in _AGENT],
            "ignored": [{"name": n, "message": notation(packed(m))} for n, m in _AGENT_IGNORED],
            "invalid": [{"name": n, "message": notation(m)} for n, m in _agent_invalid()],
        },
        "visit": {
            "valid": [_visit(name, fields) for name, fields in _VISIT],
            "ignored": [{"name": n, "message": json.dumps(m)} for n, m in _VISIT_IGNORED],
            "invalid": [{"name": n, "message": text_notation(m)} for n, m in _visit_invalid()],
        },
    }


_AGENT: list[tuple[str, dict[str, Any]]] = [
    (
        "a challenge",
        {
            "t": "challenge",
            "v": 1,
            "min": 1,
            "nonce": _NONCE,
            "time": 1_700_000_000,
            "follows": True,
        },
    ),
    (
        "a registration",
        {
            "t": "register",
            "v": 1,
            "public_key": _KEY,
            "nonce": _NONCE,
            "time": 1_700_000_001,
            "audience": "localhost:8787",
            "signature": _SIGNATURE,
            "sw": "p2claw/0.1.0",
            "invite": "",
            "statements": [],
        },
    ),
    (
        "a registration by invitation",
        {
            "t": "register",
            "v": 1,
            "public_key": _KEY,
            "nonce": _NONCE,
            "time": 1_700_000_001,
            "audience": "localhost:8787",
            "signature": _SIGNATURE,
            "sw": "p2claw/0.1.0",
            "invite": "k7dq-29xm-abcd-efgh-2345",
            "statements": [_SIGNATURE, b"\1"],
        },
    ),
    (
        "registered",
        {
            "t": "registered",
            "alias": "purplecrab",
            "key_alias": "abcdefghijklmnopqrstuvwxyz",
            "base": "http://{label}.localhost:8787",
            "keepalive_s": 25,
            "seen": "192.0.2.7",
            "others": [],
        },
    ),
    (
        "registered under an alias that was chosen",
        {
            "t": "registered",
            "alias": "crab",
            "key_alias": "abcdefghijklmnopqrstuvwxyz",
            "base": "http://{label}.localhost:8787",
            "keepalive_s": 25,
            "seen": "",
            "others": ["purplecrab"],
        },
    ),
    ("a claim", {"t": "claim", "name": "crab"}),
    (
        "claimed",
        {"t": "claimed", "name": "crab", "code": "", "message": "", "others": ["purplecrab"]},
    ),
    (
        "a claim that is refused",
        {"t": "claimed", "name": "crab", "code": "alias-taken", "message": "no", "others": []},
    ),
    (
        "what was relayed for a box",
        {
            "t": "relayed",
            "month_bytes": 12_000_000,
            "day_bytes": 1_000,
            "month_limit": 50_000_000_000,
            "day_limit": None,
        },
    ),
    ("a team", {"t": "team", "seq": 3, "statements": [bytes(138), b"\1" * 138]}),
    ("a team of nobody", {"t": "team", "seq": 4, "statements": []}),
    ("joining a team", {"t": "team-join", "seq": 5, "name": "crab"}),
    ("leaving a team", {"t": "team-leave", "seq": 6, "name": "crab"}),
    ("asking for teams", {"t": "team-ask", "seq": 7}),
    (
        "who is in a team",
        {
            "t": "teamed",
            "seq": 7,
            "code": "",
            "message": "",
            "members": [
                {"key": _NONCE, "joined": True, "online": False, "expires_s": 1_700_000_000}
            ],
            "teams": [
                {"key": _NONCE, "alias": "crab", "joined": False, "expires_s": 1_700_000_000}
            ],
        },
    ),
    (
        "a team that is refused",
        {
            "t": "teamed",
            "seq": 5,
            "code": "team-not-invited",
            "message": "no",
            "members": [],
            "teams": [],
        },
    ),
    ("an announcement", {"t": "announce", "seq": 1, "apps": ["dog", "cat"]}),
    ("an announcement of nothing", {"t": "announce", "seq": 2, "apps": []}),
    ("as many apps as may be", {"t": "announce", "seq": 3, "apps": ["a"] * 256}),
    ("two apps are down", {"t": "down", "apps": ["cat", "dog"]}),
    ("no app is down any more", {"t": "down", "apps": []}),
    (
        "a descriptor",
        {"t": "dial", "descriptor": b"\1\2\3", "signature": _SIGNATURE, "others": []},
    ),
    (
        "descriptors of three processes",
        {
            "t": "dial",
            "descriptor": b"\1\2\3",
            "signature": _SIGNATURE,
            "others": [[b"\1\2\4", _SIGNATURE], [b"\1\2\5", _SIGNATURE]],
        },
    ),
    (
        "no descriptor any more",
        {"t": "dial", "descriptor": b"", "signature": _SIGNATURE, "others": []},
    ),
    ("a wish to be knocked at", {"t": "knock", "token": _TOKEN, "ports": [4_100, 65_535]}),
    ("knocked", {"t": "knocked", "token": _TOKEN, "ports": [4_100]}),
    ("not knocked", {"t": "knocked", "token": _TOKEN, "ports": []}),
    ("announced", {"t": "announced", "seq": 1, "rejected": {}}),
    (
        "announced but for one",
        {"t": "announced", "seq": 1, "rejected": {"www": "app-name-reserved"}},
    ),
    (
        "an offer",
        {
            "t": "offer",
            "session": "s1",
            "app": "dog",
            "sdp": _SDP,
            "ice_servers": [_STUN, _TURN],
            "visitor": "192.0.2.0/24",
            "place": 3,
            "alias": "crab",
        },
    ),
    (
        "an offer to the box itself",
        {
            "t": "offer",
            "session": "s1",
            "app": None,
            "sdp": _SDP,
            "ice_servers": [],
            "visitor": "",
            "place": None,
            "alias": "",
        },
    ),
    ("an answer", {"t": "answer", "session": "s1", "sdp": _SDP, "signature": _SIGNATURE}),
    (
        "a candidate",
        {"t": "candidate", "session": "s1", "candidate": "candidate:1 1 udp 1", "mid": "0"},
    ),
    ("the last candidate", {"t": "candidate", "session": "s1", "candidate": "", "mid": "0"}),
    ("a refusal", {"t": "refuse", "session": "s1", "code": "box-busy", "message": "full"}),
    ("an end", {"t": "end", "session": "s1"}),
    ("an error", {"t": "error", "code": "clock-skew", "message": "Set the clock"}),
    (
        "an offer as large as may be",
        {"t": "answer", "session": "s" * 64, "sdp": "v" * 16_384, "signature": _SIGNATURE},
    ),
]

_AGENT_IGNORED: list[tuple[str, Any]] = [
    ("a type of a newer version", {"t": "novelty", "anything": [1, 2]}),
    ("a type that is empty", {"t": ""}),
]


def _agent_invalid() -> list[tuple[str, bytes]]:
    register = dict(_AGENT[1][1])
    answer = {"t": "answer", "session": "s1", "sdp": _SDP, "signature": _SIGNATURE}
    candidate = {"t": "candidate", "session": "s1", "candidate": "", "mid": "0"}
    end = {"t": "end", "session": "s1"}
    dial = {"t": "dial", "descriptor": b"\1\2\3", "signature": _SIGNATURE}
    maps: list[tuple[str, Any]] = [
        ("no type", {"seq": 1}),
        ("a type that is a number", {"t": 1}),
        ("a list", ["end", "s1"]),
        ("nil", None),
        ("a session that is missing", {"t": "end"}),
        ("a session that is empty", {"t": "end", "session": ""}),
        ("a session that is too long", {"t": "end", "session": "s" * 65}),
        ("a session with a blank", {"t": "end", "session": "s 1"}),
        ("a session that ends with a line feed", {"t": "end", "session": "s1\n"}),
        ("a nonce that is short", {**register, "nonce": _NONCE[:31]}),
        ("a nonce that is text", {**register, "nonce": "n" * 32}),
        ("a key that is long", {**register, "public_key": _KEY + b"\0"}),
        ("a signature that is short", {**register, "signature": _SIGNATURE[:63]}),
        ("a time before all time", {**register, "time": -1}),
        ("a time beyond what all can hold", {**register, "time": 2**53}),
        ("a time that is true", {**register, "time": True}),
        ("a time that is a fraction", {**register, "time": 1.5}),
        ("a version of nothing", {**register, "v": 0}),
        ("an audience that is too long", {**register, "audience": "a" * 301}),
        ("software that is too long", {**register, "sw": "s" * 65}),
        ("too many apps", {"t": "announce", "seq": 1, "apps": ["a"] * 257}),
        ("too many apps that are down", {"t": "down", "apps": ["a"] * 257}),
        ("an app that is a number", {"t": "announce", "seq": 1, "apps": [1]}),
        ("an app that is far too long", {"t": "announce", "seq": 1, "apps": ["a" * 129]}),
        (
            "a descriptor that is too long",
            {"t": "dial", "descriptor": bytes(257), "signature": _SIGNATURE},
        ),
        ("another process without a descriptor", {**dial, "others": [[b"", _SIGNATURE]]}),
        ("another process without a signature", {**dial, "others": [[b"\1"]]}),
        ("too many processes", {**dial, "others": [[b"\1", _SIGNATURE]] * 64}),
        ("a knock whose token is short", {"t": "knock", "token": _TOKEN[1:], "ports": [1]}),
        ("a knock at no port", {"t": "knock", "token": _TOKEN, "ports": [0]}),
        ("knocks at too many ports", {"t": "knock", "token": _TOKEN, "ports": [1] * 65}),
        ("apps that are text", {"t": "announce", "seq": 1, "apps": "dog"}),
        ("a description that is too long", {**answer, "sdp": "v" * 16_385}),
        ("a description that is binary", {**answer, "sdp": b"v=0"}),
        ("a candidate that is too long", {**candidate, "candidate": "c" * 1_025}),
        ("a mid that is too long", {**candidate, "mid": "m" * 65}),
        ("a team of a statement too short", {"t": "team", "seq": 1, "statements": [bytes(137)]}),
        ("a team that is too large", {"t": "team", "seq": 1, "statements": [bytes(138)] * 33}),
        ("a code in capitals", {"t": "refuse", "session": "s1", "code": "BUSY", "message": ""}),
        (
            "ICE servers that are text",
            {"t": "offer", "session": "s1", "sdp": "", "app": None, "ice_servers": "stun:a"},
        ),
    ]
    return [
        *((name, packed(value)) for name, value in maps),
        ("no byte at all", b""),
        ("a map that breaks off", packed(end)[:-1]),
        ("a message and a byte", packed(end) + b"\0"),
        ("two messages in one", packed(end) * 2),
        ("a byte that means nothing", b"\xc1"),
        ("text that is not UTF-8", b"\x81\xa1t\xa2\xff\xfe"),
        ("a map that claims more than there is", b"\xdf\xff\xff\xff\xff"),
        ("lists in lists without end", b"\x91" * 2_000),
        ("a key that is a list", b"\x81\x90\x01"),
        ("a message that is too long", packed({"t": "end", "session": "s1", "x": "x" * 65_536})),
    ]


_VISIT: list[tuple[str, dict[str, Any]]] = [
    (
        "introduced",
        {
            "t": "introduced",
            "session": "s1",
            "peer_id": _PEER_ID,
            "ice_servers": [_STUN, _TURN],
        },
    ),
    (
        "introduced without ICE servers",
        {"t": "introduced", "session": "s1", "peer_id": _PEER_ID, "ice_servers": []},
    ),
    (
        "introduced to a box that can be dialled",
        {
            "t": "introduced",
            "session": "s1",
            "peer_id": _PEER_ID,
            "ice_servers": [],
            "dial": {
                "descriptor": "AQID",
                "signature": base64.b64encode(_SIGNATURE).decode(),
            },
        },
    ),
    (
        "introduced with statements",
        {
            "t": "introduced",
            "session": "s1",
            "peer_id": _PEER_ID,
            "ice_servers": [],
            "statements": ["AQID", base64.b64encode(_SIGNATURE).decode()],
        },
    ),
    (
        "introduced and asked which relays are near",
        {
            "t": "introduced",
            "session": "s1",
            "peer_id": _PEER_ID,
            "ice_servers": [_TURN],
            "measure": {
                "network": "0a1b2c3d",
                "regions": {
                    "eu": ["turn:a.example.org", "turn:a.example.org?transport=tcp"],
                    "us": ["turn:b.example.org"],
                },
            },
        },
    ),
    (
        "introduced to a box whose budget of relayed bytes is used up",
        {
            "t": "introduced",
            "session": "s1",
            "peer_id": _PEER_ID,
            "ice_servers": [],
            "relay": "relay-budget",
        },
    ),
    ("apps", {"t": "apps", "apps": ["cat", "dog"], "alias": "purplecrab", "peer_id": _PEER_ID}),
    (
        "apps, one of which is down",
        {
            "t": "apps",
            "apps": ["cat", "dog"],
            "alias": "purplecrab",
            "peer_id": _PEER_ID,
            "down": ["dog"],
        },
    ),
    ("an offer", {"t": "offer", "sdp": _SDP}),
    ("an offer that names a place", {"t": "offer", "sdp": _SDP, "place": 65_535}),
    (
        "an answer",
        {"t": "answer", "sdp": _SDP, "signature": base64.b64encode(_SIGNATURE).decode()},
    ),
    ("a candidate", {"t": "candidate", "candidate": "candidate:1 1 udp 1", "mid": "0"}),
    ("the last candidate", {"t": "candidate", "candidate": "", "mid": "0"}),
    ("an end", {"t": "end"}),
    ("an error", {"t": "error", "code": "alias-unknown", "message": "No box is called ünïcode"}),
    (
        "an error that may pass",
        {"t": "error", "code": "box-offline", "message": "", "retry_s": 5},
    ),
]

_VISIT_IGNORED: list[tuple[str, Any]] = [
    ("a type of a newer version", {"t": "novelty", "anything": {"x": None}}),
]


def _visit_invalid() -> list[tuple[str, str]]:
    answer = {"t": "answer", "sdp": _SDP}
    objects: list[tuple[str, Any]] = [
        ("no type", {"sdp": _SDP}),
        ("a type that is null", {"t": None}),
        ("an array", ["offer"]),
        ("a string", "offer"),
        ("an offer without a description", {"t": "offer"}),
        ("an offer that is a number", {"t": "offer", "sdp": 1}),
        ("an offer to a place that is none", {"t": "offer", "sdp": _SDP, "place": 65_536}),
        ("an offer that is too long", {"t": "offer", "sdp": "v" * 16_385}),
        ("an offer that is too long in bytes alone", {"t": "offer", "sdp": "é" * 8_193}),
        ("a candidate that is too long", {"t": "candidate", "candidate": "c" * 1_025, "mid": "0"}),
        ("a candidate that is null", {"t": "candidate", "candidate": None, "mid": "0"}),
        ("a signature that is short", {**answer, "signature": "AAAA"}),
        ("a signature that is not base64", {**answer, "signature": "-" * 88}),
        ("a signature of another alphabet", {**answer, "signature": "_" * 86 + "=="}),
        (
            "a peer id in capitals",
            {"t": "introduced", "session": "s", "peer_id": "A" * 52, "ice_servers": []},
        ),
        (
            "more statements than are read",
            {
                "t": "introduced",
                "session": "s",
                "peer_id": _PEER_ID,
                "ice_servers": [],
                "statements": ["AQID"] * 265,
            },
        ),
        (
            "a wait without end",
            {"t": "error", "code": "box-offline", "message": "", "retry_s": 1e9},
        ),
    ]
    return [
        *((name, json.dumps(value, ensure_ascii=False)) for name, value in objects),
        ("a lone surrogate", r'{"t":"offer","sdp":"\ud800"}'),
        ("no text at all", ""),
        ("text that is not JSON", "{t: offer}"),
        ("two objects", '{"t":"end"}{"t":"end"}'),
        ("arrays in arrays without end", "[" * 60_000),
        ("a number without end", '{"t":"error","code":"x","retry_s":' + "9" * 5_000 + "}"),
        ("a message that is too long", json.dumps({"t": "end", "x": "x" * 65_536})),
    ]


def _agent(name: str, fields: dict[str, Any]) -> dict[str, Any]:
    shown = {k: _in_hex(v) for k, v in fields.items()}
    return {"name": name, "message": notation(packed(fields)), "fields": shown}


def _in_hex(value: Any) -> Any:
    if isinstance(value, list):
        return [_in_hex(one) for one in value]
    if isinstance(value, dict):
        return {name: _in_hex(one) for name, one in value.items()}
    return value.hex() if isinstance(value, bytes) else value


def _visit(name: str, fields: dict[str, Any]) -> dict[str, Any]:
    text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
    return {"name": name, "message": text, "fields": fields}


def text_notation(text: str) -> str | list[list[str | int]]:
    """How texts are written in the vectors: as they are, or [[text, times], …]."""
    parts: list[list[str | int]] = []
    at = 0
    for run in _RUN.finditer(text):
        if run.start() > at:
            parts.append([text[at : run.start()], 1])
        parts.append([run[1], len(run[0])])
        at = run.end()
    if not parts:
        return text
    if at < len(text):
        parts.append([text[at:], 1])
    return parts
