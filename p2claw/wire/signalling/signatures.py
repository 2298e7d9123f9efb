"""The bytes that a box signs, and how a signature is verified (docs/WIRE.md §10 and §13).

Pure computation: keys are made and kept in `agent/home/identity.py`, pins in `visitor/pins.py`.
"""

from __future__ import annotations

import hashlib
import re

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from p2claw.errors import RemoteProtocolError
from p2claw.wire.signalling.ed25519 import is_sound

REGISTER = "register"
ANSWER = "answer"
DIAL = "dial"

FINGERPRINT_BYTES = 32

_LINE_END = re.compile(r"\r\n|\n|\r")
# Parsers disagree on which of these end a line, so that a line hidden behind one could be seen by
# the browser and not by us. No session description has a use for them.
_FORBIDDEN = re.compile(r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")
_FINGERPRINT = re.compile(r"fingerprint\s*:", re.IGNORECASE)
_SHA256_LINE = re.compile(
    r"a=fingerprint:sha-256 ([0-9a-f]{2}(?::[0-9a-f]{2}){31})[ ]*", re.IGNORECASE
)
_OTHER_HASH_LINE = re.compile(
    r"a=fingerprint:(?!sha-256 )[a-z0-9-]+ [0-9a-f]{2}(?::[0-9a-f]{2})*[ ]*", re.IGNORECASE
)


def signed_bytes(purpose: str, payload: bytes) -> bytes:
    """The bytes that Ed25519 signs: one kind of signature can never serve as another."""
    return b"p2claw/1 " + purpose.encode("ascii") + b"\0" + payload


def register_payload(nonce: bytes, time_s: int, audience: str) -> bytes:
    """What an agent signs to register.

    time_s: Unix seconds. audience: `host[:port]` as dialled.
    """
    return nonce + time_s.to_bytes(8, "big") + audience.encode()


def answer_payload(session: str, offer_sdp: str, fingerprint: bytes) -> bytes:
    """What a box signs beside its answer: this session, this offer, this DTLS certificate."""
    identifier = session.encode("ascii")
    offer = hashlib.sha256(offer_sdp.encode()).digest()
    return bytes((len(identifier),)) + identifier + offer + fingerprint


def fingerprint_of(sdp: str) -> bytes:
    """The SHA-256 fingerprint in a session description, 32 bytes.

    Raises RemoteProtocolError unless there is exactly one distinct one, and every line that another
    parser might take for a fingerprint can be read.
    """
    found: set[bytes] = set()
    for line in _lines(sdp):
        if not _FINGERPRINT.search(line):
            continue
        sha256 = _SHA256_LINE.fullmatch(line)
        if sha256:
            found.add(bytes.fromhex(sha256[1].replace(":", "")))
        elif not _OTHER_HASH_LINE.fullmatch(line):
            raise RemoteProtocolError("a session description has an unreadable fingerprint")
    if len(found) != 1:
        raise RemoteProtocolError(
            f"a session description has {len(found)} SHA-256 fingerprints instead of one"
        )
    return found.pop()


def without_other_fingerprints(sdp: str) -> str:
    """The description with its SHA-256 fingerprint lines only, for the stack that will apply it.

    A certificate that matches any line is accepted, so a line that was not verified must go.
    """
    kept = (
        line
        for line in _lines(sdp)
        if not _FINGERPRINT.search(line) or _SHA256_LINE.fullmatch(line)
    )
    return "\r\n".join(kept)


def verify(public_key: bytes, purpose: str, payload: bytes, signature: bytes) -> bool:
    """Whether signature is by public_key over payload for this purpose. Bad keys are just False."""
    if not is_sound(public_key, signature):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(
            signature, signed_bytes(purpose, payload)
        )
    except (InvalidSignature, ValueError):
        return False
    return True


def _lines(sdp: str) -> list[str]:
    if _FORBIDDEN.search(sdp):
        raise RemoteProtocolError("a session description has a control character")
    return _LINE_END.split(sdp)
