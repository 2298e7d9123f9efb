"""The messages between an agent and its workers, and their bytes on the socket between the two.

    length u32, big-endian | msgpack: a map; `t` names the message, the rest are its fields

Both ends are of the same version: nothing is negotiated, and an unknown message is an error.
"""

from __future__ import annotations

import struct
from typing import Annotated, Generic, TypeVar

import msgspec

from p2claw.agent.access.question import Question, Reply
from p2claw.agent.home.public_names import PublicNames
from p2claw.agent.home.routes import Route
from p2claw.agent.http.notices import Notice
from p2claw.agent.visitors.facts import LinkFacts
from p2claw.agent.workers.shared_port import Handles
from p2claw.config import AgentLimits, PublicAddress
from p2claw.errors import LocalProtocolError, RemoteProtocolError
from p2claw.link.certificate import LinkCertificate
from p2claw.link.dial_keys import Generation
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
    """One message. The name of a child in lower case is its `t`."""


class Begin(Message, frozen=True):
    """To a worker, first. limits: its share. udp_port 0: any. alive_s: how often to send Alive.

    public_addresses: with the ports of this worker. port: that it shares with the others; None: it
    has one of its own.
    """

    number: int
    udp_port: int
    home: str
    limits: AgentLimits
    log_level: str
    log_format: str
    alive_s: float
    public_addresses: tuple[PublicAddress, ...] = ()
    port: Handles | None = None


class NewRoutes(Message, frozen=True):
    """To a worker: use these routes from now on."""

    routes: tuple[Route, ...]


class Offered(Message, frozen=True):
    """To a worker: this visitor is yours."""

    offer: BoxOffer
    names: PublicNames


class Signalled(Message, frozen=True):
    """Both ways: a message of signalling about a session, in the form of docs/WIRE.md §11."""

    signalling: bytes

    @classmethod
    def of(cls, message: AgentMessage) -> Signalled:
        return cls(encode_agent(message))

    def message(self) -> AgentMessage | Unknown:
        """Raises RemoteProtocolError."""
        return decode_agent(self.signalling)


class DialKey(msgspec.Struct, frozen=True):
    """What the tickets of one worker are made with: `link.dial_keys.Generation`, in bytes."""

    number: int
    key: Fingerprint
    private_key: bytes
    certificate: bytes
    expires_s: int

    @classmethod
    def of(cls, generation: Generation) -> DialKey:
        private_key, certificate = generation.certificate.pack()
        return cls(
            generation.number, generation.key, private_key, certificate, generation.expires_s
        )

    def generation(self) -> Generation:
        certificate = LinkCertificate.unpack(self.private_key, self.certificate)
        return Generation(self.number, self.key, certificate, 0.0, self.expires_s)


class Dialable(Message, frozen=True):
    """To a worker: visitors may dial it with tickets of these keys, and with no others."""

    names: PublicNames
    keys: tuple[DialKey, ...]


class ExpectKnock(Message, frozen=True):
    """To a worker: report the first knock of this token."""

    token: bytes


class DialAdmitted(Message, frozen=True):
    """To a worker: the reply to DialAsked."""

    session: str
    is_admitted: bool


class Signed(Message, frozen=True):
    """To a worker: the reply to Sign."""

    session: str
    signature: Signature


class Replied(Message, frozen=True):
    """To a worker: the reply to Asked."""

    seq: int
    reply: Reply


class EntriesEnded(Message, frozen=True):
    """To a worker: these sessions of guarded apps have ended."""

    sessions: tuple[str, ...]


class AppsClosed(Message, frozen=True):
    """To a worker: these apps have used up their month, until Unix seconds, and no others."""

    until: dict[str, float]


class EndLinks(Message, frozen=True):
    """To a worker: end every link of now."""


class Crowded(Message, frozen=True):
    """To a worker: whether the box is crowded, so that it is worth knowing who is gone."""

    is_crowded: bool


class Evict(Message, frozen=True):
    """To a worker: end the link of this session, whose visitor is gone."""

    session: str


class AskLinks(Message, frozen=True):
    """To a worker: reply with Links of this seq."""

    seq: int


class Mapped(Message, frozen=True):
    """To a worker: where the router forwards its UDP port from; None: nowhere any more."""

    address: PublicAddress | None


class Drain(Message, frozen=True):
    """To a worker: let open requests finish within timeout_s, then end."""

    timeout_s: float


class Stop(Message, frozen=True):
    """To a worker: end now."""


class Ready(Message, frozen=True):
    """Of a worker: it can be given visitors, and this is its UDP port."""

    udp_port: int


class Failed(Message, frozen=True):
    """Of a worker, last: it cannot start. text and hint are for people."""

    code: str
    text: str
    hint: str


class Alive(Message, frozen=True):
    """Of a worker, every alive_s and at its end: its event loop runs.

    refused: what it has refused until now. traffic: what its visitors have moved. cpu_percent:
    of one core, since the report before. links: how many visitors it has.
    """

    refused: dict[str, int] = {}
    traffic: dict[str, int] = {}
    cpu_percent: Annotated[int, msgspec.Meta(ge=0, le=100_000)] = 0
    links: Annotated[int, msgspec.Meta(ge=0, le=100_000)] = 0


class Sign(Message, frozen=True):
    """Of a worker: sign the answer to an offer, which names the certificate of this fingerprint."""

    session: str
    fingerprint: Fingerprint


class DialAsked(Message, frozen=True):
    """Of a worker: a visitor from this network dials; may it have a link?"""

    session: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    visitor: Annotated[str, msgspec.Meta(max_length=64)]


class KnockCame(Message, frozen=True):
    """Of a worker: a knock of this token has come to its port."""

    token: bytes


class Asked(Message, frozen=True):
    """Of a worker: may somebody enter a guarded app?"""

    seq: int
    question: Question


class Ended(Message, frozen=True):
    """Of a worker: the link of a session is over, or there never was one."""

    session: str


class Gone(Message, frozen=True):
    """Of a worker, while the box is crowded: whether the visitor of a session is gone."""

    session: str
    is_gone: bool


class Noticed(Message, frozen=True):
    """Of a worker: it noticed something about an app."""

    notice: Notice


class VisitorsSilent(Message, frozen=True):
    """Of a worker: all its visitors have fallen silent at once."""


class Links(Message, frozen=True):
    """Of a worker: all its open links."""

    seq: int
    links: tuple[LinkFacts, ...]


ToWorker = (
    Begin
    | NewRoutes
    | Offered
    | Dialable
    | DialAdmitted
    | ExpectKnock
    | Signalled
    | Signed
    | Replied
    | EntriesEnded
    | AppsClosed
    | EndLinks
    | Crowded
    | Evict
    | AskLinks
    | Mapped
    | Drain
    | Stop
)
OfWorker = (
    Ready
    | Failed
    | Alive
    | Signalled
    | Sign
    | DialAsked
    | KnockCame
    | Asked
    | Ended
    | Gone
    | Noticed
    | VisitorsSilent
    | Links
)

T = TypeVar("T")


def encode(message: Message) -> bytes:
    """One frame. Raises LocalProtocolError if it is too long."""
    payload = _ENCODER.encode(message)
    if len(payload) > FRAME_BYTES:
        name = type(message).__name__
        raise LocalProtocolError(f"a {name} of {len(payload)} bytes is too long for a worker")
    return _LENGTH.pack(len(payload)) + payload


class Decoder(Generic[T]):
    """Reads messages from a stream of bytes. Once it has raised, the socket must be closed."""

    def __init__(self, decoder: msgspec.msgpack.Decoder[T]) -> None:
        self._decoder = decoder
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[T]:
        """Add bytes; returns all messages that are complete now. Raises RemoteProtocolError."""
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
