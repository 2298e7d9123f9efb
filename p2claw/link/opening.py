"""How far the opening of a link has come, and how it ended."""

from __future__ import annotations

import asyncio
import enum

from p2claw.errors import LinkError

_NO_PATH = (
    "A firewall on either side lets nothing through: try another network, or have the coordinator"
    " name a TURN server. `p2claw doctor` on the box shows what it can reach"
)


class Phase(enum.Enum):
    """How far a link has come: it only moves down. The value is what the link waits for."""

    NEW = "the other side's description"
    CHECKING = "a path between the two networks"
    SECURING = "the encryption handshake"
    OPENING = "the data channel"
    OPEN = "nothing"
    CLOSED = "nothing: it is closed"


class Opening:
    """The opening of one link: it ends once, when the link is open or has failed.

    phase: set by the peer as it comes further.
    """

    __slots__ = ("_ended", "_failure", "phase")

    def __init__(self) -> None:
        self.phase = Phase.NEW
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._failure: LinkError | None = None

    def succeed(self) -> None:
        """The channel is open."""
        self.phase = Phase.OPEN
        if not self._ended.done():
            self._ended.set_result(None)

    def fail(self, message: str, code: str) -> None:
        """The link cannot open. Only the first reason counts, and none once it was open."""
        if not self._ended.done():
            hint = _NO_PATH if code == "path-not-found" else ""
            self._failure = LinkError(message, code=code, hint=hint)
            self._ended.set_result(None)

    async def wait(self, *, timeout_s: float) -> None:
        """Wait until the link is open. Raises LinkError, `link-timeout` or why it failed."""
        ended, _ = await asyncio.wait([self._ended], timeout=timeout_s)
        if not ended:
            raise LinkError(
                f"the link did not open within {timeout_s:.0f} s: it waits for {self.phase.value}",
                code="link-timeout",
                hint=_NO_PATH if self.phase is Phase.CHECKING else "Try again",
            )
        if self._failure is not None:
            raise self._failure
