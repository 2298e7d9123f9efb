"""What a visitor posts, and the reply: several messages of docs/WIRE.md §12 at once, as JSON."""

from __future__ import annotations

from typing import Final

import msgspec

from p2claw.errors import RemoteProtocolError
from p2claw.wire.signalling import field_types as f
from p2claw.wire.signalling.reading import Unknown
from p2claw.wire.signalling.visit import VisitMessage, read_visit

# An offer, and all candidates that a visit may have.
POST_MESSAGES: Final = f.CANDIDATES + 2
POST_BYTES: Final = 2 * f.MESSAGE_BYTES


class _Posted(msgspec.Struct, frozen=True):
    messages: tuple[msgspec.Raw, ...]
    session: f.Session = "-"
    wait: bool = False


class Post(msgspec.Struct, frozen=True):
    """session: of the visit that goes on; "-" where one begins. wait: for the reply to have
    something in it."""

    messages: tuple[VisitMessage | Unknown, ...]
    session: str = "-"
    wait: bool = False


def decode_post(body: bytes) -> Post:
    """Raises RemoteProtocolError for what is none, or has a message that is none."""
    if len(body) > POST_BYTES:
        raise RemoteProtocolError(f"a post is longer than {POST_BYTES} bytes")
    try:
        posted = _DECODER.decode(body)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise RemoteProtocolError(f"a post cannot be read: {error}") from None
    if len(posted.messages) > POST_MESSAGES:
        raise RemoteProtocolError(f"a post has more than {POST_MESSAGES} messages")
    messages = tuple(read_visit(bytes(message)) for message in posted.messages)
    return Post(messages, posted.session, posted.wait)


def encode_posted(messages: list[str]) -> bytes:
    """The reply. messages: by `encode_visit`."""
    return b"[" + ",".join(messages).encode() + b"]"


_DECODER = msgspec.json.Decoder(_Posted)
