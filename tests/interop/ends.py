"""The two ends of a channel, in the words of the scenarios: what was sent, and what came."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from p2claw.dataplane.core._sctp import ChannelClosed, ChannelOpened, MessageReceived
from p2claw.link.channel import Channel as PeersChannel
from tests.link.peers import User
from tests.peers.pattern import Message, Sum, message_bytes, sum_of
from tests.peers.remote import Remote
from tests.support.association_peer import AssociationPeer

Of = TypeVar("Of", MessageReceived, ChannelOpened, ChannelClosed)

PPIDS = {"text": 51, "binary": 53}
KINDS = {ppid: kind for kind, ppid in PPIDS.items()}
BULK_TIMEOUT_S = 100
HIGH_WATER_BYTES = 512 * 1024


class End(Protocol):
    """One end of a channel."""

    async def send(self, messages: Iterable[Message]) -> None:
        """Hand over messages; returns once buffers took them."""

    async def received(self, count: int) -> list[tuple[str, int, str]]:
        """Wait for so many messages; kind, size and SHA-256 of all that came."""

    async def digest(self, total_bytes: int) -> Sum:
        """Wait for so many bytes; how many came, and the SHA-256 of all."""

    async def close(self) -> None:
        """Close the channel."""

    async def closed(self) -> None:
        """Wait until it is closed here."""


@dataclass(frozen=True, slots=True)
class TheirEnd:
    """Of another stack. place: of the channel among all that its peer has."""

    remote: Remote
    place: int

    async def send(self, messages: Iterable[Message]) -> None:
        given = {"channel": self.place, "messages": list(messages)}
        await self.remote.do("send", BULK_TIMEOUT_S, **given)

    async def received(self, count: int) -> list[tuple[str, int, str]]:
        got = await self.remote.do("received", channel=self.place, count=count)
        return [tuple(message) for message in got]

    async def digest(self, total_bytes: int) -> Sum:
        given = {"channel": self.place, "size": total_bytes}
        length, sha256 = await self.remote.do("digest", BULK_TIMEOUT_S, **given)
        return length, sha256

    async def close(self) -> None:
        await self.remote.do("close", channel=self.place)

    async def closed(self) -> None:
        await self.remote.do("closed", channel=self.place)


@dataclass(frozen=True, slots=True)
class StreamEnd:
    """Of our association. since: how many events are older than the channel; they may be of another
    one with this number."""

    peer: AssociationPeer
    stream: int
    since: int

    async def send(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self.peer.association.send(self.stream, PPIDS[message[0]], message_bytes(message))
        self.peer.wake()

    async def received(self, count: int) -> list[tuple[str, int, str]]:
        await self.peer.until(lambda: len(self._messages()) >= count)
        return [(KINDS[m.ppid], *sum_of([m.data])) for m in self._messages()]

    async def digest(self, total_bytes: int) -> Sum:
        await self.peer.until(
            lambda: sum(len(m.data) for m in self._messages()) >= total_bytes, BULK_TIMEOUT_S
        )
        return sum_of(m.data for m in self._messages())

    async def close(self) -> None:
        self.peer.association.reset_stream(self.stream)
        self.peer.wake()

    async def opened(self) -> None:
        await self.peer.until(lambda: self._events(ChannelOpened) != [])

    async def closed(self) -> None:
        await self.peer.until(lambda: self._events(ChannelClosed) != [])

    def _messages(self) -> list[MessageReceived]:
        return self._events(MessageReceived)

    def _events(self, kind: type[Of]) -> list[Of]:
        events = self.peer.events[self.since :]
        return [e for e in events if isinstance(e, kind) and e.stream == self.stream]


@dataclass(frozen=True, slots=True)
class PeerEnd:
    """Of p2claw's own peer, which has one channel, of binary messages."""

    channel: PeersChannel
    user: User

    async def send(self, messages: Iterable[Message]) -> None:
        async with asyncio.timeout(BULK_TIMEOUT_S):
            for message in messages:
                self.user.drained.clear()
                if self.channel.buffered_bytes > HIGH_WATER_BYTES:
                    await self.user.drained.wait()
                self.channel.send(message_bytes(message))

    async def received(self, count: int) -> list[tuple[str, int, str]]:
        await self._arrived(lambda messages: len(messages) >= count)
        return [("binary", *sum_of([message])) for message in self.user.messages]

    async def digest(self, total_bytes: int) -> Sum:
        await self._arrived(lambda messages: sum(map(len, messages)) >= total_bytes)
        return sum_of(self.user.messages)

    async def close(self) -> None:
        self.channel.close()

    async def closed(self) -> None:
        async with asyncio.timeout(BULK_TIMEOUT_S):
            await self.user.closed.wait()

    async def _arrived(self, enough: Callable[[list[bytes]], bool]) -> None:
        async with asyncio.timeout(BULK_TIMEOUT_S):
            while not enough(self.user.messages):
                self.user.arrived.clear()
                await self.user.arrived.wait()
