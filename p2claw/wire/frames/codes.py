"""The numbers of the wire: frame types, flags, and the codes that end streams and sessions."""

from __future__ import annotations

from enum import IntEnum


class FrameType(IntEnum):
    """Source: docs/WIRE.md §2."""

    HELLO = 0x00
    REQUEST = 0x01
    RESPONSE = 0x02
    DATA = 0x03
    TRAILERS = 0x04
    RESET = 0x05
    WINDOW = 0x06
    PING = 0x07
    GOAWAY = 0x08
    # Of the extension `resume`, docs/WIRE.md §15.
    RECEIVED = 0x40
    RESUMED = 0x41


FLAG_END = 0x01  # REQUEST, RESPONSE, DATA
FLAG_ACK = 0x01  # PING
FLAG_MORE = 0x02  # REQUEST, RESPONSE, TRAILERS


class Code(IntEnum):
    """Why a stream was reset or a session refused. Source: docs/WIRE.md §7."""

    NO_ERROR = 0
    PROTOCOL = 1
    INTERNAL = 2
    FLOW_CONTROL = 3
    REFUSED = 4
    CANCEL = 5
    UPSTREAM = 6
    TIMEOUT = 7
    LIMIT = 8
    HEAD_TOO_LARGE = 9
    VERSION = 10
    APP_UNKNOWN = 11
    SHUTDOWN = 12

    @property
    def text(self) -> str:
        """The code as errors and logs have it, as `head-too-large`."""
        return self.name.lower().replace("_", "-")


def code_of(number: int) -> Code:
    """The code of a number; one that is not known is read as INTERNAL."""
    try:
        return Code(number)
    except ValueError:
        return Code.INTERNAL
