"""The claim of an alias that was chosen: one at a time, until the coordinator replies."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from p2claw.errors import UsageError
from p2claw.wire.signalling import Claimed

# A person waits for this at a command line, which gives up after 10 s.
CLAIM_S = 5.0


class Claims:
    """The claim that is under way, if one is."""

    def __init__(self) -> None:
        self._name = ""
        self._reply: asyncio.Future[Claimed] | None = None

    async def claim(self, name: str, send: Callable[[], None]) -> None:
        """Send a claim, and wait for the reply to it.

        Raises UsageError with the coordinator's code, `claim-running`, `coordinator-older`.
        """
        if self._reply is not None:
            raise UsageError("Another claim is under way", code="claim-running", hint="Try again")
        self._name, self._reply = name, asyncio.get_running_loop().create_future()
        try:
            send()
            async with asyncio.timeout(CLAIM_S):
                claimed = await self._reply
        except TimeoutError:
            raise UsageError(
                f"The coordinator did not reply to the claim within {CLAIM_S:.0f} s",
                code="coordinator-older",
                hint="It may be older than this program, and know no claims; ask its owner",
            ) from None
        finally:
            self._reply = None
        if claimed.code:
            raise UsageError(claimed.message or f"{name} is refused", code=claimed.code)

    def replied(self, claimed: Claimed) -> None:
        """The coordinator has replied. A reply to a claim that was given up is dropped."""
        if self._reply is not None and not self._reply.done() and claimed.name == self._name:
            self._reply.set_result(claimed)

    def lost(self) -> None:
        """The connection is lost, and the claim fails. To make it again later is no error."""
        if self._reply is not None and not self._reply.done():
            self._reply.set_exception(
                UsageError(
                    "The connection to the coordinator was lost meanwhile",
                    code="agent-offline",
                    hint="Try again: an alias that is yours already can be claimed again",
                )
            )
