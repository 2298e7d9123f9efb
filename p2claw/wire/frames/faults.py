"""Faults of the other side.

Each class says what the fault ends: the session, a stream, or a request.
"""

from __future__ import annotations

from p2claw.errors import FlowControlError, RemoteProtocolError
from p2claw.wire.frames.codes import Code


class SessionFault(RemoteProtocolError):
    """Ends the session: GOAWAY with `wire_code`, then the channel is closed."""

    def __init__(self, message: str, wire_code: Code = Code.PROTOCOL) -> None:
        super().__init__(message, code=wire_code.text)
        self.wire_code = wire_code


class StreamFault(RemoteProtocolError):
    """Ends one stream: RESET with `wire_code`."""

    def __init__(self, message: str, wire_code: Code = Code.PROTOCOL) -> None:
        super().__init__(message, code=wire_code.text)
        self.wire_code = wire_code


class CreditFault(StreamFault, FlowControlError):
    """More body than the credit, or more credit than there may be."""

    def __init__(self, message: str) -> None:
        super().__init__(message, Code.FLOW_CONTROL)


class HeadFault(RemoteProtocolError):
    """A head that docs/WIRE.md §4 does not allow. A box responds with 400, a visitor resets."""

    code = "bad-request"
    status = 400
    wire_code = Code.PROTOCOL


class HeadTooLarge(HeadFault):
    """A head of too many bytes or fields. A box responds with 431."""

    code = "head-too-large"
    status = 431
    wire_code = Code.HEAD_TOO_LARGE
