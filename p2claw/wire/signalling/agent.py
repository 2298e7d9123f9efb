"""The messages between agent and coordinator, and their msgpack form (docs/WIRE.md §11)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgpack

from p2claw.errors import LocalProtocolError, RemoteProtocolError
from p2claw.wire.signalling import fields as f
from p2claw.wire.signalling.fields import Fields, Unknown
from p2claw.wire.signalling.ice_server import IceServer, ice_servers_from, ice_servers_to_list


@dataclass(frozen=True, slots=True)
class Challenge:
    """C → A. `time` is the coordinator's clock, Unix seconds: an agent can name the skew."""

    nonce: bytes
    time: int
    v: int = 1
    min: int = 1


@dataclass(frozen=True, slots=True)
class Register:
    """A → C. `signature` is over `signatures.register_payload(nonce, time, audience)`."""

    public_key: bytes
    nonce: bytes
    time: int
    audience: str
    signature: bytes
    v: int = 1
    sw: str = ""


@dataclass(frozen=True, slots=True)
class Registered:
    """C → A. `base` is a URL with `{label}` where the first label of the host goes."""

    alias: str
    key_alias: str
    base: str
    keepalive_s: int


@dataclass(frozen=True, slots=True)
class Announce:
    """A → C. The whole set of apps, whatever was announced before."""

    seq: int
    apps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Announced:
    """C → A. `rejected` maps each app that was refused to a code of `names.check_app`."""

    seq: int
    rejected: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BoxOffer:
    """C → A. A visitor's offer. `visitor` is its address, shortened; for logs only."""

    session: str
    app: str | None
    sdp: str
    ice_servers: tuple[IceServer, ...] = ()
    visitor: str = ""


@dataclass(frozen=True, slots=True)
class BoxAnswer:
    """A → C. `signature` is over `signatures.answer_payload`."""

    session: str
    sdp: str
    signature: bytes


@dataclass(frozen=True, slots=True)
class BoxCandidate:
    """Both ways. An empty candidate says that there are no more."""

    session: str
    candidate: str
    mid: str = "0"


@dataclass(frozen=True, slots=True)
class Refuse:
    """A → C. The box does not take this visitor; `code` is one of docs/WIRE.md §12."""

    session: str
    code: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class BoxEnd:
    """Both ways. Nothing more will be said about this session."""

    session: str


@dataclass(frozen=True, slots=True)
class AgentError:
    """C → A. Why the control connection closes now."""

    code: str
    message: str = ""


AgentMessage = (
    Challenge
    | Register
    | Registered
    | Announce
    | Announced
    | BoxOffer
    | BoxAnswer
    | BoxCandidate
    | Refuse
    | BoxEnd
    | AgentError
)


def encode_agent(message: AgentMessage) -> bytes:
    """The bytes of one binary WebSocket message. Raises LocalProtocolError above 65,536 bytes."""
    encoded: bytes = msgpack.packb(_to_map(message))
    if len(encoded) > f.MESSAGE_BYTES:
        raise LocalProtocolError(f"a signalling message of {len(encoded)} bytes is too long")
    return encoded


def decode_agent(message: bytes) -> AgentMessage | Unknown:
    """The inverse of `encode_agent`. Raises RemoteProtocolError on anything else."""
    if len(message) > f.MESSAGE_BYTES:
        raise RemoteProtocolError(f"a signalling message is longer than {f.MESSAGE_BYTES} bytes")
    try:
        decoded = msgpack.unpackb(message, raw=False, strict_map_key=True, timestamp=0)
    except (ValueError, TypeError, OverflowError, RecursionError, msgpack.UnpackException):
        raise RemoteProtocolError("a signalling message is not msgpack") from None
    if not isinstance(decoded, dict):
        raise RemoteProtocolError("a signalling message is not a map")
    fields = Fields(decoded)
    t = fields.text("t", f.MESSAGE_BYTES)
    reader = _READERS.get(t)
    return reader(fields) if reader else Unknown(t)


def _to_map(message: AgentMessage) -> dict[str, Any]:
    match message:
        case BoxOffer():
            fields = _plain(message)
            fields["ice_servers"] = ice_servers_to_list(message.ice_servers)
            return {"t": "offer", **fields}
        case Announced():
            return {"t": "announced", "seq": message.seq, "rejected": dict(message.rejected)}
        case _:
            return {"t": _NAMES[type(message)], **_plain(message)}


def _plain(message: AgentMessage) -> dict[str, Any]:
    return {name: getattr(message, name) for name in message.__slots__}


_NAMES: dict[type[AgentMessage], str] = {
    Challenge: "challenge",
    Register: "register",
    Registered: "registered",
    Announce: "announce",
    BoxAnswer: "answer",
    BoxCandidate: "candidate",
    Refuse: "refuse",
    BoxEnd: "end",
    AgentError: "error",
}

_READERS: dict[str, Callable[[Fields], AgentMessage]] = {
    "challenge": lambda m: Challenge(
        v=m.integer("v", least=1),
        min=m.integer("min", least=1) if m.has("min") else m.integer("v", least=1),
        nonce=m.binary("nonce", f.NONCE_BYTES),
        time=m.integer("time"),
    ),
    "register": lambda m: Register(
        v=m.integer("v", least=1),
        public_key=m.binary("public_key", f.PUBLIC_KEY_BYTES),
        nonce=m.binary("nonce", f.NONCE_BYTES),
        time=m.integer("time"),
        audience=m.text("audience", f.AUDIENCE_BYTES),
        signature=m.binary("signature", f.SIGNATURE_BYTES),
        sw=m.text("sw", f.SOFTWARE_BYTES, absent=""),
    ),
    "registered": lambda m: Registered(
        alias=m.text("alias", 63),
        key_alias=m.text("key_alias", 63),
        base=m.text("base", f.REASON_BYTES),
        keepalive_s=m.integer("keepalive_s", least=1, most=3600),
    ),
    "announce": lambda m: Announce(m.integer("seq"), m.texts("apps", f.APPS, f.APP_BYTES)),
    "announced": lambda m: Announced(
        m.integer("seq"), m.text_map("rejected", f.APPS, f.APP_BYTES, 64)
    ),
    "offer": lambda m: BoxOffer(
        session=m.session(),
        app=m.text("app", f.APP_BYTES) if m.has("app") else None,
        sdp=m.text("sdp", f.SDP_BYTES),
        ice_servers=ice_servers_from(m),
        visitor=m.text("visitor", 64, absent=""),
    ),
    "answer": lambda m: BoxAnswer(
        m.session(), m.text("sdp", f.SDP_BYTES), m.binary("signature", f.SIGNATURE_BYTES)
    ),
    "candidate": lambda m: BoxCandidate(
        m.session(),
        m.text("candidate", f.CANDIDATE_BYTES),
        m.text("mid", f.MID_BYTES, absent="0"),
    ),
    "refuse": lambda m: Refuse(m.session(), m.code(), m.text("message", f.REASON_BYTES, absent="")),
    "end": lambda m: BoxEnd(m.session()),
    "error": lambda m: AgentError(m.code(), m.text("message", f.REASON_BYTES, absent="")),
}
