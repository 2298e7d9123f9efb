"""Reads and writes the one session description that a link needs: a single data channel section.

Written from scratch, never by copying lines of the other side: an echoed `a=sctp-init` breaks
channels. Candidates keep their text here; `ice/candidates.py` reads them.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from p2claw.errors import RemoteProtocolError
from p2claw.wire.signalling import SDP_BYTES
from p2claw.wire.signalling.signatures import fingerprint_of

# What a browser sends is about 500 bytes and 10 candidates.
CANDIDATES = 64

# RFC 8841 §6.1: what a peer that names no limit can read.
DEFAULT_MESSAGE_BYTES = 65_536
OUR_MESSAGE_BYTES = 262_144
SCTP_PORT = 5000

SETUPS = frozenset(("actpass", "active", "passive"))

_UFRAG = re.compile(r"[A-Za-z0-9+/]{4,256}")
_PASSWORD = re.compile(r"[A-Za-z0-9+/]{22,256}")
_MID = re.compile(r"[!#-'*+.0-9A-Z^-~-]{1,64}")
_NUMBER = re.compile(r"[0-9]{1,10}")


@dataclass(frozen=True, slots=True)
class Description:
    """One side of an offer and answer.

    fingerprint: SHA-256 of the DTLS certificate. setup: of RFC 4145. message_bytes: the largest
    SCTP message that this side accepts. candidates: each `candidate:…`, as RFC 8839 writes it.
    """

    ufrag: str
    password: str
    fingerprint: bytes
    setup: str
    mid: str = "0"
    sctp_port: int = SCTP_PORT
    message_bytes: int = OUR_MESSAGE_BYTES
    ice_lite: bool = False
    candidates: tuple[str, ...] = ()


def write_description(description: Description) -> str:
    """The text of a description, ready for any WebRTC peer."""
    lines = [
        "v=0",
        f"o=- {secrets.randbits(62)} 2 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        f"a=group:BUNDLE {description.mid}",
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
        "c=IN IP4 0.0.0.0",
        f"a=mid:{description.mid}",
        "a=ice-options:trickle",
        f"a=ice-ufrag:{description.ufrag}",
        f"a=ice-pwd:{description.password}",
        f"a=fingerprint:sha-256 {description.fingerprint.hex(':').upper()}",
        f"a=setup:{description.setup}",
        f"a=sctp-port:{description.sctp_port}",
        f"a=max-message-size:{description.message_bytes}",
        *(f"a={candidate}" for candidate in description.candidates),
    ]
    return "\r\n".join(lines) + "\r\n"


def read_description(sdp: str) -> Description:
    """Parse what a peer sent. Raises RemoteProtocolError; reads nothing but what a link needs."""
    if len(sdp.encode()) > SDP_BYTES:
        raise RemoteProtocolError(f"a session description has more than {SDP_BYTES} bytes")
    lines = sdp.splitlines()
    sections = [line for line in lines if line.startswith("m=")]
    if len(sections) != 1 or not sections[0].startswith("m=application "):
        raise RemoteProtocolError("a session description is not of one data channel section")
    if "webrtc-datachannel" not in sections[0].split():
        raise RemoteProtocolError("a session description is of no WebRTC data channel")
    attributes = [line[2:] for line in lines if line.startswith("a=")]
    candidates = [a for a in attributes if a.startswith("candidate:")]
    return Description(
        ufrag=_one(attributes, "ice-ufrag", _UFRAG),
        password=_one(attributes, "ice-pwd", _PASSWORD),
        fingerprint=fingerprint_of(sdp),
        setup=_setup(attributes),
        mid=_one(attributes, "mid", _MID),
        sctp_port=_number(attributes, "sctp-port", SCTP_PORT, least=1, most=65_535),
        message_bytes=_number(attributes, "max-message-size", DEFAULT_MESSAGE_BYTES),
        ice_lite="ice-lite" in attributes,
        candidates=tuple(candidates[:CANDIDATES]),
    )


def _setup(attributes: list[str]) -> str:
    setup = _one(attributes, "setup", re.compile(r"[a-z]+"))
    if setup not in SETUPS:
        raise RemoteProtocolError(f"a session description with setup {setup!r}")
    return setup


def _one(attributes: Iterable[str], name: str, grammar: re.Pattern[str]) -> str:
    values = {a.partition(":")[2].strip() for a in attributes if a.partition(":")[0] == name}
    if len(values) != 1:
        raise RemoteProtocolError(f"a session description has {len(values)} {name} instead of one")
    value = values.pop()
    if not grammar.fullmatch(value):
        raise RemoteProtocolError(f"a session description has a malformed {name}")
    return value


def _number(
    attributes: list[str], name: str, absent: int, *, least: int = 0, most: int = 2**32
) -> int:
    if not any(a.startswith(f"{name}:") for a in attributes):
        return absent
    value = int(_one(attributes, name, _NUMBER))
    if not least <= value <= most:
        raise RemoteProtocolError(f"a session description has a {name} of {value}")
    return value
