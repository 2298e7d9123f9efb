"""The messages between visitor and coordinator, and their JSON form (docs/WIRE.md §12)."""

from __future__ import annotations

import msgspec

from p2claw.errors import LocalProtocolError, RemoteProtocolError
from p2claw.wire.signalling import field_types as f
from p2claw.wire.signalling.reading import Message, Reader, Unknown


class DialOffered(msgspec.Struct, frozen=True):
    """How the box is dialled, as it has signed it: `agent.Dial`; JSON has both in base64."""

    descriptor: f.Descriptor
    signature: f.Signature


class Measure(msgspec.Struct, frozen=True):
    """The visitor is asked which region's relays are near. network: the mark of the one that it is
    in. regions: the ways to a relay of each, with the credentials of the other relays.
    """

    network: f.NetworkMark
    regions: f.Regions


class Introduced(Message, frozen=True, tag="introduced", omit_defaults=True):
    """C → V, first and unasked: the box is online and has the app.

    statements: why the key responds for the name, if it is not the name's own.
    JSON has base64.
    relay: why no relay is among the servers, `relay-budget`; None for no reason that is told.
    measure: None: it is known, or there is one region.
    """

    session: f.Session
    peer_id: f.PeerId
    ice_servers: f.IceServers
    dial: DialOffered | None = None
    statements: f.Statements = ()
    relay: f.Code | None = None
    measure: Measure | None = None


class Apps(Message, frozen=True, tag="apps", omit_defaults=True):
    """C → V, if no app was named: what the box exposes. down: those for which nothing listens."""

    apps: f.Apps
    alias: f.Label
    peer_id: f.PeerId
    down: f.Apps = ()


class VisitOffer(Message, frozen=True, tag="offer", omit_defaults=True):
    """V → C, once. `place`: where in the box the session is that the link may carry on."""

    sdp: f.Sdp
    place: f.Place | None = None


class VisitAnswer(Message, frozen=True, tag="answer"):
    """C → V. `signature` is the box's; JSON has it in base64."""

    sdp: f.Sdp
    signature: f.Signature


class VisitCandidate(Message, frozen=True, tag="candidate"):
    """Both ways. An empty candidate means that there are no more."""

    candidate: f.Candidate
    mid: f.Mid = "0"


class VisitEnd(Message, frozen=True, tag="end"):
    """V → C. The link is open, or the visitor has given up."""


class VisitError(Message, frozen=True, tag="error", omit_defaults=True):
    """C → V. `code` is one of docs/WIRE.md §12; `retry_s` says when asking again may help."""

    code: f.Code
    # The default of a factory is not omitted: only `retry_s` is absent from a message.
    message: f.Line = msgspec.field(default_factory=str)
    retry_s: f.RetrySeconds | None = None


VisitMessage = Introduced | Apps | VisitOffer | VisitAnswer | VisitCandidate | VisitEnd | VisitError


def encode_visit(message: VisitMessage) -> str:
    """The text of one WebSocket message. Raises LocalProtocolError above 65,536 bytes."""
    encoded = _ENCODER.encode(message)
    if len(encoded) > f.MESSAGE_BYTES:
        raise LocalProtocolError(f"a signalling message of {len(encoded)} bytes is too long")
    return encoded.decode()


def decode_visit(message: str) -> VisitMessage | Unknown:
    """The inverse of `encode_visit`. Raises RemoteProtocolError on anything else."""
    try:
        encoded = message.encode()
    except UnicodeEncodeError:
        raise RemoteProtocolError("a signalling message is not Unicode text") from None
    return read_visit(encoded)


def read_visit(message: bytes) -> VisitMessage | Unknown:
    """The same of a message that is still UTF-8."""
    return _READER.read(message)


_ENCODER = msgspec.json.Encoder()
_READER: Reader[VisitMessage] = Reader(msgspec.json.Decoder, VisitMessage.__args__)
