"""The messages between visitor and coordinator, and their JSON form (docs/WIRE.md §12)."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from p2claw import names
from p2claw.errors import LocalProtocolError, RemoteProtocolError
from p2claw.wire.signalling import fields as f
from p2claw.wire.signalling.fields import Fields, Unknown
from p2claw.wire.signalling.ice_server import IceServer, ice_servers_from, ice_servers_to_list


@dataclass(frozen=True, slots=True)
class Introduced:
    """C → V, first and unasked: the box is online and has the app."""

    session: str
    peer_id: str
    ice_servers: tuple[IceServer, ...] = ()


@dataclass(frozen=True, slots=True)
class Apps:
    """C → V, where no app was named: what the box exposes."""

    apps: tuple[str, ...]
    alias: str
    peer_id: str


@dataclass(frozen=True, slots=True)
class VisitOffer:
    """V → C, once."""

    sdp: str


@dataclass(frozen=True, slots=True)
class VisitAnswer:
    """C → V. `signature` is the box's, 64 bytes, base64 on the wire."""

    sdp: str
    signature: bytes


@dataclass(frozen=True, slots=True)
class VisitCandidate:
    """Both ways. An empty candidate says that there are no more."""

    candidate: str
    mid: str = "0"


@dataclass(frozen=True, slots=True)
class VisitEnd:
    """V → C. The link is open, or given up."""


@dataclass(frozen=True, slots=True)
class VisitError:
    """C → V. `code` is one of docs/WIRE.md §12; `retry_s` says when asking again may help."""

    code: str
    message: str = ""
    retry_s: int | None = None


VisitMessage = Introduced | Apps | VisitOffer | VisitAnswer | VisitCandidate | VisitEnd | VisitError


def encode_visit(message: VisitMessage) -> str:
    """The text of one WebSocket message. Raises LocalProtocolError above 65,536 bytes."""
    encoded = json.dumps(_to_map(message), ensure_ascii=False, separators=(",", ":"))
    if len(encoded.encode()) > f.MESSAGE_BYTES:
        raise LocalProtocolError(f"a signalling message of {len(encoded)} characters is too long")
    return encoded


def decode_visit(message: str) -> VisitMessage | Unknown:
    """The inverse of `encode_visit`. Raises RemoteProtocolError on anything else."""
    f.checked_text("message", message, f.MESSAGE_BYTES)
    try:
        decoded = json.loads(message)
    except (ValueError, RecursionError):
        raise RemoteProtocolError("a signalling message is not JSON") from None
    if not isinstance(decoded, dict):
        raise RemoteProtocolError("a signalling message is not an object")
    fields = Fields(decoded)
    t = fields.text("t", f.MESSAGE_BYTES)
    reader = _READERS.get(t)
    return reader(fields) if reader else Unknown(t)


def _to_map(message: VisitMessage) -> dict[str, Any]:
    match message:
        case Introduced(session, peer_id, servers):
            return {
                "t": "introduced",
                "session": session,
                "peer_id": peer_id,
                "ice_servers": ice_servers_to_list(servers),
            }
        case Apps(apps, alias, peer_id):
            return {"t": "apps", "apps": list(apps), "alias": alias, "peer_id": peer_id}
        case VisitOffer(sdp):
            return {"t": "offer", "sdp": sdp}
        case VisitAnswer(sdp, signature):
            encoded = base64.b64encode(signature).decode()
            return {"t": "answer", "sdp": sdp, "signature": encoded}
        case VisitCandidate(candidate, mid):
            return {"t": "candidate", "candidate": candidate, "mid": mid}
        case VisitEnd():
            return {"t": "end"}
        case VisitError(code, text, retry_s):
            error: dict[str, Any] = {"t": "error", "code": code, "message": text}
            return error if retry_s is None else {**error, "retry_s": retry_s}


def _peer_id(fields: Fields) -> str:
    peer_id = fields.text("peer_id", 64)
    if not names.PEER_ID.fullmatch(peer_id):
        raise RemoteProtocolError("signalling: `peer_id` is not a peer id")
    return peer_id


def _signature(fields: Fields) -> bytes:
    text = fields.text("signature", 2 * f.SIGNATURE_BYTES)
    try:
        signature = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise RemoteProtocolError("signalling: `signature` is not base64") from None
    if len(signature) != f.SIGNATURE_BYTES:
        raise RemoteProtocolError(f"signalling: `signature` is not {f.SIGNATURE_BYTES} bytes")
    return signature


_READERS: dict[str, Callable[[Fields], VisitMessage]] = {
    "introduced": lambda m: Introduced(m.session(), _peer_id(m), ice_servers_from(m)),
    "apps": lambda m: Apps(m.texts("apps", f.APPS, f.APP_BYTES), m.text("alias", 63), _peer_id(m)),
    "offer": lambda m: VisitOffer(m.text("sdp", f.SDP_BYTES)),
    "answer": lambda m: VisitAnswer(m.text("sdp", f.SDP_BYTES), _signature(m)),
    "candidate": lambda m: VisitCandidate(
        m.text("candidate", f.CANDIDATE_BYTES), m.text("mid", f.MID_BYTES, absent="0")
    ),
    "end": lambda m: VisitEnd(),
    "error": lambda m: VisitError(
        m.code(),
        m.text("message", f.REASON_BYTES, absent=""),
        m.integer("retry_s", most=86_400) if m.has("retry_s") else None,
    ),
}
