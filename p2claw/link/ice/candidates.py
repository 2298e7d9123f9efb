"""Reads and writes candidates in the form of trickling: `candidate:…` (RFC 8839 §5.1)."""

from __future__ import annotations

import ipaddress

from aioice import Candidate

from p2claw.errors import RemoteProtocolError
from p2claw.link.ice.local_names import is_local_name
from p2claw.wire.signalling.field_types import CANDIDATE_BYTES

PREFIX = "candidate:"

COMPONENT = 1  # the only one: RTP and RTCP would be two


def write_candidate(candidate: Candidate) -> str:
    """The text that a browser's `addIceCandidate` accepts."""
    return PREFIX + candidate.to_sdp()


def read_candidate(text: str) -> Candidate | None:
    """One candidate, or None if it is of a kind that a link has no use for, as TCP.

    Raises RemoteProtocolError if it is none at all.
    """
    if len(text) > CANDIDATE_BYTES or not text.startswith(PREFIX):
        raise RemoteProtocolError("a candidate is not of RFC 8839's form")
    try:
        candidate = Candidate.from_sdp(text[len(PREFIX) :])
        if not is_local_name(candidate.host):
            address = ipaddress.ip_address(candidate.host)
            if address.is_unspecified or address.is_multicast:
                return None
    except ValueError as error:
        raise RemoteProtocolError("a candidate cannot be read") from error
    if not 0 < candidate.port < 65_536 or not 0 < candidate.priority < 2**32:
        raise RemoteProtocolError("a candidate has a number out of range")
    usable = candidate.transport.lower() == "udp" and candidate.component == COMPONENT
    return candidate if usable else None
