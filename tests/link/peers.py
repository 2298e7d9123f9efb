"""Two real peers of one machine; what the coordinator would carry is carried in memory."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from p2claw.link.box_peer import BoxPeer
from p2claw.link.certificate import LinkCertificate
from p2claw.link.channel import Channel
from p2claw.link.visitor_peer import VisitorPeer
from p2claw.wire.signalling import IceServer

DEADLINE_S = 20


@dataclass
class User:
    """Takes what a channel gives."""

    messages: list[bytes] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    drained: asyncio.Event = field(default_factory=asyncio.Event)
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    def message_received(self, message: bytes) -> None:
        self.messages.append(message)
        self.arrived.set()

    def channel_drained(self) -> None:
        self.drained.set()

    def channel_closed(self) -> None:
        self.closed.set()

    async def read(self, size_bytes: int) -> bytes:
        """Wait for so many bytes in all, and hand them over."""
        async with asyncio.timeout(DEADLINE_S):
            while sum(map(len, self.messages)) < size_bytes:
                self.arrived.clear()
                await self.arrived.wait()
        taken = b"".join(self.messages)
        self.messages.clear()
        return taken


@dataclass
class Pair:
    """A visitor's and a box's peer; `change` edits each description on its way."""

    visitor: VisitorPeer
    box: BoxPeer
    change: Callable[[str], str] = lambda sdp: sdp

    async def join(self) -> None:
        """Carry offer and answer. Candidates trickle by `on_candidate`."""
        answer = await self.box.answer(self.change(await self.visitor.offer()))
        await self.visitor.accept(self.change(answer))

    async def channels(self) -> tuple[Channel, Channel]:
        """The visitor's and the box's channel, open."""
        return (
            await self.visitor.channel(timeout_s=DEADLINE_S),
            await self.box.channel(timeout_s=DEADLINE_S),
        )


@contextlib.asynccontextmanager
async def pair(
    *,
    ice_servers: tuple[IceServer, ...] = (),
    change: Callable[[str], str] = lambda sdp: sdp,
    certificate: LinkCertificate | None = None,
) -> AsyncIterator[Pair]:
    """Two peers that send each other their candidates, closed at the end.

    certificate: of the box; None: a new one.
    """
    box = BoxPeer(ice_servers=ice_servers, certificate=certificate)
    joined = Pair(VisitorPeer(ice_servers=ice_servers), box, change)
    joined.visitor.on_candidate = joined.box.add_candidate
    joined.box.on_candidate = joined.visitor.add_candidate
    try:
        yield joined
    finally:
        await joined.visitor.close()
        await joined.box.close()


def without_candidates(sdp: str) -> str:
    """A description that names no address."""
    lines = sdp.splitlines()
    return "".join(f"{line}\r\n" for line in lines if not line.startswith("a=candidate:"))


async def send_all(channel: Channel, user: User, body: bytes) -> None:
    """Send a body in messages, no faster than the channel takes them."""
    for start in range(0, len(body), 16_384):
        if channel.buffered_bytes > 262_144:
            user.drained.clear()
            async with asyncio.timeout(DEADLINE_S):
                await user.drained.wait()
        channel.send(body[start : start + 16_384])
