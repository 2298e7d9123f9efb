"""What an agent and its workers say to each other, and its bytes on the socket between the two.

    length u32, big-endian | msgpack: a map; `t` names the message, the rest are its fields

Both ends are of one version: nothing here is negotiated, and what is not known is an error.
"""

from __future__ import annotations

import struct
from typing import Annotated, Generic, TypeVar

import msgspec

from p2claw.agent.home.public_names import PublicNames
from p2claw.agent.home.routes import Route
from p2claw.agent.http.notices import Notice
from p2claw.agent.visitors.facts import LinkFacts
from p2claw.config import AgentLimits
from p2claw.errors import LocalProtocolError, RemoteProtocolError
from p2claw.units import MIB
from p2claw.wire.signalling import AgentMessage, BoxOffer, Unknown, decode_agent, encode_agent

_LENGTH = struct.Struct(">I")

# The facts of 10,000 links, the most that an agent may have, are some 2 MB.
FRAME_BYTES = 16 * MIB

Fingerprint = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
Signature = Annotated[bytes, msgspec.Meta(min_length=64, max_length=64)]


class Message(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="t", tag=str.lower
):
    """One message; a child's name in lower case is its `t`."""


class Begin(Message, frozen=True):
    """To a worker, first. limits: its share. udp_port 0: any. alive_s: how often to say Alive."""

    number: int
    udp_port: int
    spool_dir: str
    limits: AgentLimits
    log_level: str
    log_format: str
    alive_s: float


class NewRoutes(Message, frozen=True):
    """To a worker: these from now on."""

    routes: tuple[Route, ...]


class Offered(Message, frozen=True):
    """To a worker: this visitor is yours."""

    offer: BoxOffer
    names: PublicNames


class Said(Message, frozen=True):
    """Both ways: of the signalling of a session, in the form of docs/WIRE.md §11."""

    signalling: bytes

    @classmethod
    def of(cls, message: AgentMessage) -> Said:
        return cls(encode_agent(message))

    def message(self) -> AgentMessage | Unknown:
        """Raises RemoteProtocolError."""
        return decode_agent(self.signalling)


class Signed(Message, frozen=True):
    """To a worker: what it asked for by Sign."""

    session: str
    signature: Signature


class AskLinks(Message, frozen=True):
    """To a worker: answer with Links of this seq."""

    seq: int


class Drain(Message, frozen=True):
    """To a worker: let open requests finish for so long, then end."""

    timeout_s: float


class Stop(Message, frozen=True):
    """To a worker: end now."""


class Ready(Message, frozen=True):
    """Of a worker: it takes offers."""


class Failed(Message, frozen=True):
    """Of a worker, last: it cannot start, in words for people."""

    code: str
    text: str
    hint: str


class Alive(Message, frozen=True):
    """Of a worker, again and again: its loop runs."""


class Sign(Message, frozen=True):
    """Of a worker: vouch for the certificate with which it answers an offer."""

    session: str
    fingerprint: Fingerprint


class Ended(Message, frozen=True):
    """Of a worker: the link of a session is over, or there never was one."""

    session: str


class Noticed(Message, frozen=True):
    """Of a worker: what it noticed of an app."""

    notice: Notice


class Links(Message, frozen=True):
    """Of a worker: all its open links."""

    seq: int
    links: tuple[LinkFacts, ...]


ToWorker = Begin | NewRoutes | Offered | Said | Signed | AskLinks | Drain | Stop
OfWorker = Ready | Failed | Alive | Said | Sign | Ended | Noticed | Links

T = TypeVar("T")


def encode(message: Message) -> bytes:
    """One frame. Raises LocalProtocolError where it is too long."""
    payload = _ENCODER.encode(message)
    if len(payload) > FRAME_BYTES:
        name = type(message).__name__
        raise LocalProtocolError(f"a {name} of {len(payload)} bytes is too long for a worker")
    return _LENGTH.pack(len(payload)) + payload


class Decoder(Generic[T]):
    """Makes messages of bytes as they come. Where it has raised, the socket is of no more use."""

    def __init__(self, decoder: msgspec.msgpack.Decoder[T]) -> None:
        self._decoder = decoder
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[T]:
        """All messages that are whole now. Raises RemoteProtocolError."""
        self._buffer += data
        messages: list[T] = []
        begin = 0
        while len(self._buffer) - begin >= _LENGTH.size:
            (size,) = _LENGTH.unpack_from(self._buffer, begin)
            if size > FRAME_BYTES:
                raise RemoteProtocolError(f"a worker's message of {size} bytes is too long")
            end = begin + _LENGTH.size + size
            if len(self._buffer) < end:
                break
            messages.append(self._parse(bytes(self._buffer[begin + _LENGTH.size : end])))
            begin = end
        del self._buffer[:begin]
        return messages

    def _parse(self, payload: bytes) -> T:
        try:
            return self._decoder.decode(payload)
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            raise RemoteProtocolError(f"a worker's message cannot be read: {error}") from None


def to_worker_decoder() -> Decoder[ToWorker]:
    """For the worker's end."""
    return Decoder(msgspec.msgpack.Decoder(ToWorker))


def of_worker_decoder() -> Decoder[OfWorker]:
    """For the agent's end."""
    return Decoder(msgspec.msgpack.Decoder(OfWorker))


_ENCODER = msgspec.msgpack.Encoder()
