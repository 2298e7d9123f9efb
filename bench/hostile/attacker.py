"""`python -m bench.hostile.attacker URL EDGE ATTACK LINKS`: attacks a box until it is asked to end.

On so many links at once, as one visitor may open them. It says when the attack has begun, and at
its end how many links it had and lost, by their code, and how many messages it wrote past its
session. `HOSTILE_TIMES`: how long an attack goes on.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections import Counter
from typing import Any

import uvloop

from bench.stdio import Lines, emit
from p2claw.errors import P2clawError
from p2claw.link.channel import Channel
from p2claw.link.stream import VisitorStream
from p2claw.visitor import Visitor
from p2claw.wire.frames.heads import RequestHead
from tests.hostile.attacks import ATTACKS

# Between two tries to get a link.
AGAIN_S = 0.5


class _Path:
    """The channel of a link, with the name that the attacks know. Nothing of it is remembered."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self.far = self
        self.sent: list[bytes] = []
        self.messages = 0

    @property
    def buffered_bytes(self) -> int:
        return self._channel.buffered_bytes

    def send(self, message: bytes) -> None:
        self.messages += 1
        self._channel.send(message)


class OnLink:
    """A link as the attacks want it; see `tests.support.proxied.Proxied`."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor._link.pump
        self.path = _Path(visitor._link.opened.channel)

    def begin(
        self, method: str, target: str = "/", fields: Any = (), *, end: bool = True
    ) -> VisitorStream:
        return self.visitor.open(RequestHead(method, target, fields), end=end)


async def attack_on(url: str, edge: str, name: str, codes: Counter[str]) -> None:
    """Again and again, on a new link each time."""
    while True:
        try:
            async with await Visitor.open(url, edge=edge) as visitor:
                await (await visitor.request("GET", "/")).body()  # the box has sent its limits
                codes["links"] += 1
                if codes["links"] == 1:
                    emit({"begun": True})
                box = OnLink(visitor)
                try:
                    await ATTACKS[name](box)  # type: ignore[arg-type]
                    # What it has begun goes on for as long as the box lets it.
                    loss = await box.visitor.wait_closed()
                    codes[loss.code] += 1
                finally:
                    codes["messages"] += box.path.messages
        except P2clawError as error:
            codes[error.code] += 1
            await asyncio.sleep(AGAIN_S)


async def main(url: str, edge: str, name: str, links: str) -> None:
    codes: Counter[str] = Counter()
    lines = await Lines.open()
    attacking = asyncio.gather(*(attack_on(url, edge, name, codes) for _ in range(int(links))))
    await lines.next()
    attacking.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await attacking
    emit(codes)


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:5]))
