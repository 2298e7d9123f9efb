"""What nodes send each other. msgpack, several in one entry of a stream, in their order.

A visit that came to one node (its *origin*) for a box at another (its *host*) is one of the host:
there it has its phases, limits and deadlines. The origin passes on what the visitor sends.
"""

from __future__ import annotations

import msgspec

from p2claw.errors import RemoteProtocolError


class Begin(msgspec.Struct, tag="begin", array_like=True, frozen=True):
    """A visitor asks for a box of yours. visitor: its address, shortened. team, statements, keeps,
    others, box, near: as of `VisitRequest`.
    """

    session: str
    origin: str
    alias: str
    app: str | None
    visitor: str
    team: str = ""
    statements: tuple[bytes, ...] = ()
    keeps: bool = True
    others: bool = False
    box: str = ""
    near: tuple[str, ...] = ()
    is_measured: bool = False


class FromVisitor(msgspec.Struct, tag="from", array_like=True, frozen=True):
    """A message of the visitor, as WIRE has it."""

    session: str
    text: str


class Gone(msgspec.Struct, tag="gone", array_like=True, frozen=True):
    """The visitor has left, or was refused by its origin."""

    session: str


class ToVisitor(msgspec.Struct, tag="to", array_like=True, frozen=True):
    """A message for the visitor. code: of an error, or ""."""

    session: str
    text: str
    code: str


class Closed(msgspec.Struct, tag="closed", array_like=True, frozen=True):
    """The visit is over."""

    session: str
    code: int
    reason: str


class Astray(msgspec.Struct, tag="astray", array_like=True, frozen=True):
    """The box is not here: look again where it is."""

    session: str


class Posted(msgspec.Struct, tag="posted", array_like=True, frozen=True):
    """A post of a visit that began at your node has come to another."""

    number: int
    origin: str
    body: bytes


class PostReply(msgspec.Struct, tag="reply", array_like=True, frozen=True):
    """What the visitor gets for it."""

    number: int
    messages: list[str]


class Replaced(msgspec.Struct, tag="replaced", array_like=True, frozen=True):
    """The box has registered elsewhere; every connection of it with a lower token is old."""

    key_alias: str
    token: int


class Banned(msgspec.Struct, tag="banned", array_like=True, frozen=True):
    """The operator keeps a key out; this has been written to the store."""

    public_key: bytes


class QuotaChanged(msgspec.Struct, tag="quota", array_like=True, frozen=True):
    """What a box may from now on; this has been written to the store."""

    public_key: bytes
    apps: int | None
    visits_per_minute: int | None
    relay: bool


class Unteamed(msgspec.Struct, tag="unteamed", array_like=True, frozen=True):
    """This box is in a team less than before; this has been written to the store."""

    key_alias: str


Message = (
    Begin
    | FromVisitor
    | Gone
    | ToVisitor
    | Closed
    | Astray
    | Posted
    | PostReply
    | Replaced
    | Banned
    | QuotaChanged
    | Unteamed
)

_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(list[Message])


def encode_messages(messages: list[Message]) -> bytes:
    return _ENCODER.encode(messages)


def decode_messages(payload: bytes) -> list[Message]:
    """Raises RemoteProtocolError: another version of p2claw has written it."""
    try:
        return _DECODER.decode(payload)
    except msgspec.DecodeError as error:
        raise RemoteProtocolError(f"A node sent what cannot be read: {error}") from None
