"""The errors that p2claw raises, each with its stable code.

P2clawError                 root: code, text for people, what to do next
├── UsageError              the user gave something wrong: a name, an option, a file
├── IdentityError           the key file is missing where it must exist, or damaged
├── LocalProtocolError      our own code used a core wrongly
├── RemoteProtocolError     bytes from the other side broke a rule
│   └── FlowControlError    more body bytes than the window allowed
├── StreamResetError        one exchange was ended by either side
├── LinkError               a link could not be opened, or was lost
└── RefusedError            the coordinator or the box refused
"""

from __future__ import annotations


class P2clawError(Exception):
    """Root of all errors of ours.

    code: stable, lower-case, hyphens; scripts may rely on it.
    message: what happened, with which value.
    hint: what to do next, or "".
    """

    code = "error"

    def __init__(self, message: str, *, code: str | None = None, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        return f"{self.message}. {self.hint}" if self.hint else self.message


class UsageError(P2clawError):
    code = "usage"


class IdentityError(P2clawError):
    code = "identity-damaged"


class LocalProtocolError(P2clawError):
    code = "local-protocol"


class RemoteProtocolError(P2clawError):
    code = "protocol"


class FlowControlError(RemoteProtocolError):
    code = "flow-control"


class StreamResetError(P2clawError):
    """One exchange was ended early. `reset_code` is a number of docs/WIRE.md §7."""

    code = "stream-reset"

    def __init__(self, message: str, *, reset_code: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.reset_code = reset_code


class LinkError(P2clawError):
    code = "link-lost"


class RefusedError(P2clawError):
    code = "refused"
