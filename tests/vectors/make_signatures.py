"""Writes signatures.json: what a box signs and the signatures, and fingerprints in descriptions.

Ed25519 is deterministic (RFC 8032 §5.1.6), so the same key signs the same bytes everywhere. The key
is that of RFC 8032 §7.1, TEST 1, whose public half the RFC prints.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.vectors.torsion import unsound

SECRET = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
_PUBLIC = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")

_NONCE = bytes(range(32))
_FINGERPRINT = bytes(range(0xA0, 0xC0))
_OFFER = "v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\n"


def signatures_json() -> dict[str, Any]:
    return {
        "key": {
            "secret": SECRET.hex(),
            "public": _PUBLIC.hex(),
            "peer_id": _base32(_PUBLIC),
            "key_alias": _base32(hashlib.sha256(_PUBLIC).digest())[:26],
        },
        "register": [
            _register("a port", 1_700_000_000, "localhost:8787"),
            _register("no port", 1_700_000_000, "p2claw.example.org"),
            _register("the beginning of time", 0, "a"),
            _register("a name that is not ASCII", 2**53 - 1, "bücher.example:443"),
        ],
        "answer": [
            _answer("a session and an offer", "s1", _OFFER),
            _answer("a long session", "A-_9" * 16, _OFFER),
            _answer("an offer that is not ASCII", "s1", "v=0\r\ns=ü\r\n"),
        ],
        "unsound": [
            {"name": name, "public": public.hex(), "signed": signed.hex(), "signature": made.hex()}
            for name, public, signed, made in unsound()
        ],
        "descriptions": [
            {"name": name, "sdp": sdp, "fingerprint": found, "kept": kept}
            for name, sdp, found, kept in _descriptions()
        ],
    }


def _register(name: str, time_s: int, audience: str) -> dict[str, Any]:
    payload = _NONCE + time_s.to_bytes(8, "big") + audience.encode()
    return {
        "name": name,
        "nonce": _NONCE.hex(),
        "time": time_s,
        "audience": audience,
        **_signed("register", payload),
    }


def _answer(name: str, session: str, offer: str) -> dict[str, Any]:
    payload = bytes([len(session)]) + session.encode()
    payload += hashlib.sha256(offer.encode()).digest() + _FINGERPRINT
    return {
        "name": name,
        "session": session,
        "offer": offer,
        "fingerprint": _FINGERPRINT.hex(),
        **_signed("answer", payload),
    }


def _signed(purpose: str, payload: bytes) -> dict[str, str]:
    signed = b"p2claw/1 " + purpose.encode() + b"\0" + payload
    signature = Ed25519PrivateKey.from_private_bytes(SECRET).sign(signed)
    return {"payload": payload.hex(), "signed": signed.hex(), "signature": signature.hex()}


def _descriptions() -> list[tuple[str, str, str | None, str | None]]:
    pairs = ":".join(f"{byte:02X}" for byte in _FINGERPRINT)
    other = ":".join(f"{byte:02X}" for byte in bytes(32))
    ours = f"a=fingerprint:sha-256 {pairs}\r\n"
    sha1 = "a=fingerprint:sha-1 " + ":".join(["00"] * 20) + "\r\n"
    media = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"
    good = _FINGERPRINT.hex()
    plain = f"v=0\r\n{media}{ours}"
    lower = f"v=0\r\na=fingerprint:SHA-256 {pairs.lower()}\r\n"
    bare = f"v=0\na=fingerprint:sha-256 {pairs}\n"
    return [
        ("one", plain, good, plain),
        ("one for the whole session", f"v=0\r\n{ours}{media}", good, f"v=0\r\n{ours}{media}"),
        ("the same twice", plain + ours, good, plain + ours),
        ("in the other case of letters", lower, good, lower),
        ("another hash beside it, which goes", f"v=0\r\n{sha1}{media}{ours}", good, plain),
        ("lines that end with a line feed alone", bare, good, plain.replace(media, "")),
        ("none", f"v=0\r\n{media}", None, None),
        ("only another hash", f"v=0\r\n{sha1}", None, None),
        ("two that differ", f"{plain}a=fingerprint:sha-256 {other}\r\n", None, None),
        ("one byte too few", f"v=0\r\na=fingerprint:sha-256 {pairs[:-3]}\r\n", None, None),
        ("one byte too many", f"v=0\r\na=fingerprint:sha-256 {pairs}:00\r\n", None, None),
        ("not hexadecimal", f"v=0\r\na=fingerprint:sha-256 {'GG:' * 31}GG\r\n", None, None),
        ("blanks where none belong", f"{plain}a = fingerprint:sha-256 {other}\r\n", None, None),
        ("two hashes in a line", f"{plain}a=fingerprint:sha-256  {other}\r\n", None, None),
        ("a line hidden behind a vertical tab", f"{plain}s=\x0ba=fingerprint:x\r\n", None, None),
        ("a line hidden behind NEL", f"{plain}s=\x85a=fingerprint:sha-256 {other}\r\n", None, None),
        (
            "a line hidden behind a line separator",
            f"{plain}s=\u2028a=fingerprint:sha-256 {other}\r\n",
            None,
            None,
        ),
        ("a zero byte", f"{plain}\0", None, None),
        ("nothing", "", None, None),
    ]


def _base32(data: bytes) -> str:
    return base64.b32encode(data).decode().rstrip("=").lower()
