"""The greeting of a coordinator: its reply to a request without a key (docs/WIRE.md §11), JSON."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from p2claw.errors import RemoteProtocolError
from p2claw.wire.signalling import field_types as f

GREETING_BYTES: Final = 4_096
SOFTWARE: Final = "p2claw"
INVITE_FIELD: Final = "P2claw-Invite"
"""The field of the request that shows an invitation: addresses are logged, fields are not."""

# Both are shown on terminals, so neither may have anything but what a URL and a version have.
_Base = Annotated[str, Meta(pattern=r"\Ahttps?://\{label\}\.[0-9A-Za-z._:-]{1,280}\Z")]
_Release = Annotated[str, Meta(pattern=r"\A[0-9A-Za-z.+_-]{1,64}\Z")]


class Greeting(msgspec.Struct, frozen=True, kw_only=True):
    """C → A, before any registration. v, min: versions of the protocol, as in `Challenge`.

    base: as in `Registered`. admits: whether it accepts registrations for the audience that was
    asked for; None: none was. joins: which new boxes it accepts: any, those with an invitation, or
    those that its owner listed. invited: whether the invitation that was shown is good; None: none
    was. follows: it knows changes of keys.
    """

    software: Annotated[str, Meta(pattern=rf"\A{SOFTWARE}\Z")]
    version: _Release
    v: f.Version
    min: f.Version
    base: _Base
    admits: bool | None = None
    joins: Literal["open", "invite", "listed"] = "open"
    invited: bool | None = None
    follows: bool = False


def encode_greeting(greeting: Greeting) -> bytes:
    """The JSON of a greeting."""
    return msgspec.json.encode(greeting)


def decode_greeting(content: bytes) -> Greeting:
    """Raises RemoteProtocolError for what is none. Keys that it does not know are ignored."""
    if len(content) > GREETING_BYTES:
        raise RemoteProtocolError(f"a greeting is longer than {GREETING_BYTES} bytes")
    try:
        return _DECODER.decode(content)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise RemoteProtocolError(f"a greeting cannot be read: {error}") from None


_DECODER = msgspec.json.Decoder(Greeting)
