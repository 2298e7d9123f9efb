"""Writes dial.json: tickets, passwords, ufrags and descriptors of a direct dial, put together by
hand from docs/WIRE.md §16.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.vectors.make_signatures import SECRET

_KEY = bytes(range(32))
_NONCE = bytes(range(0x50, 0x5A))
_BOX = bytes(range(0xA0, 0xC0))
_VISITOR = bytes(range(0xC0, 0xE0))
_TICKET = b"\1\7" + (1_800_000_000).to_bytes(4, "big") + _NONCE
_ICE_PASSWORD = "abcdefghijklmnopqrstuv"


def dial_json() -> dict[str, Any]:
    addresses = [("192.0.2.7", 4000), ("2001:db8::7", 65_535)]
    ufrag = base64.b64encode(_TICKET + _VISITOR).decode() + _ICE_PASSWORD
    descriptor = _descriptor(addresses)
    return {
        "key": _KEY.hex(),
        "tickets": [
            _ticket("a ticket", 7, 1_800_000_000, _NONCE),
            _ticket("all bits zero", 0, 0, bytes(10)),
            _ticket("all bits one", 255, 2**32 - 1, b"\xff" * 10),
        ],
        "names": [
            _name("the shortest password", _ICE_PASSWORD),
            _name("the longest password", "+/" * 96),
        ],
        "not_names": [
            {"name": "a usual ufrag", "ufrag": "abcd"},
            {"name": "one character too few", "ufrag": ufrag[:-1]},
            {"name": "one character too many", "ufrag": ufrag + "a" * 171},
            {"name": "another version", "ufrag": "Ag" + ufrag[2:]},
            {"name": "a character that is none of ICE", "ufrag": ufrag[:-1] + "-"},
            {"name": "padding", "ufrag": ufrag[:63] + "=" + ufrag[64:]},
            {"name": "a line end", "ufrag": ufrag + "\n"},
        ],
        "descriptors": [
            _described("two addresses", addresses),
            _described("as many as may be", [(f"192.0.2.{n}", n + 1) for n in range(8)]),
        ],
        "not_descriptors": [
            {"name": name, "bytes": data.hex()}
            for name, data in [
                ("nothing", b""),
                ("another version", b"\2" + descriptor[1:]),
                ("another version of its ticket", b"\1\2" + descriptor[2:]),
                ("cut", descriptor[:-1]),
                ("a byte too many", descriptor + b"\0"),
                ("no address", _descriptor([])),
                ("nine addresses", _descriptor([("192.0.2.1", 1)] * 9)),
                ("a port of 0", _descriptor([("192.0.2.1", 0)])),
                ("another family", descriptor[:68] + b"\5" + descriptor[69:]),
                ("only its head", descriptor[:68]),
            ]
        ],
    }


def _ticket(name: str, generation: int, expires_s: int, nonce: bytes) -> dict[str, Any]:
    data = bytes((1, generation)) + expires_s.to_bytes(4, "big") + nonce
    return {
        "name": name,
        "generation": generation,
        "expires": expires_s,
        "nonce": nonce.hex(),
        "bytes": data.hex(),
        "password": _password(data),
    }


def _password(ticket: bytes) -> str:
    mac = hmac.new(_KEY, b"p2claw/1 dial\0" + ticket, hashlib.sha256).digest()
    return base64.b64encode(mac[:18]).decode()


def _name(name: str, password: str) -> dict[str, Any]:
    return {
        "name": name,
        "fingerprint": _VISITOR.hex(),
        "password": password,
        "ufrag": base64.b64encode(_TICKET + _VISITOR).decode() + password,
    }


def _descriptor(addresses: list[tuple[str, int]]) -> bytes:
    parts = [b"\1", _TICKET, base64.b64decode(_password(_TICKET)), _BOX, bytes([len(addresses)])]
    for host, port in addresses:
        address = ipaddress.ip_address(host)
        parts.append(bytes([address.version]) + address.packed + port.to_bytes(2, "big"))
    return b"".join(parts)


def _described(name: str, addresses: list[tuple[str, int]]) -> dict[str, Any]:
    data = _descriptor(addresses)
    key = Ed25519PrivateKey.from_private_bytes(SECRET)
    return {
        "name": name,
        "bytes": data.hex(),
        "password": _password(_TICKET),
        "fingerprint": _BOX.hex(),
        "addresses": [list(address) for address in addresses],
        "signature": key.sign(b"p2claw/1 dial\0" + data).hex(),
    }
