"""A link between our association and another stack, in the words of the scenarios.

`side` says who acts: "ours" or "theirs". Terms of channels have the W3C's names on both sides.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from p2claw.dataplane._sctp import (
    Association,
    AssociationClosed,
    ChannelClosed,
    ChannelOpened,
    MessageReceived,
)
from tests.interop.stacks import Role, Stack
from tests.peers.pattern import Message, Sum, message_bytes, sum_of
from tests.peers.remote import Remote
from tests.support.association_peer import AssociationPeer

Side = Literal["ours", "theirs"]
Of = TypeVar("Of", MessageReceived, ChannelOpened, ChannelClosed)
SIDES: tuple[Side, ...] = ("ours", "theirs")

PPIDS = {"text": 51, "binary": 53}
KINDS = {ppid: kind for kind, ppid in PPIDS.items()}
TERMS = {"maxRetransmits": "max_retransmits", "maxPacketLifeTime": "max_lifetime_ms"}
FIRST = "first"
BULK_TIMEOUT_S = 100


def other(side: Side) -> Side:
    return "theirs" if side == "ours" else "ours"


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel at both ends: the stream at ours, the place at theirs.

    seen: what the other side than the one that opened it was told of it. since: how many events of
    ours are older; they may be of another channel with this number.
    """

    ours: AssociationPeer
    theirs: Remote
    stream: int
    place: int
    seen: dict[str, Any]
    since: int

    async def send(self, side: Side, messages: Iterable[Message]) -> None:
        """Hand over messages; theirs once its buffer took them."""
        if side == "theirs":
            given = {"channel": self.place, "messages": list(messages)}
            await self.theirs.do("send", BULK_TIMEOUT_S, **given)
            return
        for message in messages:
            self.ours.association.send(self.stream, PPIDS[message[0]], message_bytes(message))
        self.ours.wake()

    async def received(self, side: Side, count: int) -> list[tuple[str, int, str]]:
        """Wait for so many messages; kind, size and SHA-256 of all that came."""
        if side == "theirs":
            got = await self.theirs.do("received", channel=self.place, count=count)
            return [tuple(message) for message in got]
        await self.ours.until(lambda: len(self._messages()) >= count)
        return [(KINDS[m.ppid], *sum_of([m.data])) for m in self._messages()]

    async def digest(self, side: Side, total_bytes: int) -> Sum:
        """Wait for so many bytes; how many came, and the SHA-256 of all."""
        if side == "theirs":
            given = {"channel": self.place, "size": total_bytes}
            got = await self.theirs.do("digest", BULK_TIMEOUT_S, **given)
            return got[0], got[1]
        await self.ours.until(
            lambda: sum(len(m.data) for m in self._messages()) >= total_bytes, BULK_TIMEOUT_S
        )
        return sum_of(m.data for m in self._messages())

    async def close(self, side: Side) -> None:
        if side == "theirs":
            await self.theirs.do("close", channel=self.place)
        else:
            self.ours.association.reset_stream(self.stream)
            self.ours.wake()

    async def closed(self) -> None:
        """Wait until both ends saw it close."""
        await self.theirs.do("closed", channel=self.place)
        await self.ours.until(
            lambda: _events_of(self.ours, ChannelClosed, self.stream, self.since) != []
        )

    def _messages(self) -> list[MessageReceived]:
        return _events_of(self.ours, MessageReceived, self.stream, self.since)


@dataclass(frozen=True, slots=True)
class Link:
    """Both ends. `first` is open on a link that `connected` made."""

    ours: AssociationPeer
    theirs: Remote
    first: Channel

    @property
    def association(self) -> Association:
        return self.ours.association

    async def open(self, side: Side, label: str, **terms: Any) -> Channel:
        return await open_channel(self.ours, self.theirs, side, label, **terms)

    async def open_negotiated(self, stream: int) -> Channel:
        """A channel whose number both sides know without asking."""
        given = {"label": "negotiated", "negotiated": True, "id": stream}
        place = await self.theirs.do("open", **given)
        self.association.open_channel("negotiated", negotiated=True, stream=stream)
        await self.theirs.do("find", label="negotiated")
        return Channel(self.ours, self.theirs, stream, place, given, len(self.ours.events))

    async def ended(self) -> AssociationClosed | None:
        """Wait until our end is closed; what the association said of it, unless DTLS was first."""
        await self.ours.until(lambda: self.ours.is_lost or _ends(self.ours) != [])
        return next(iter(_ends(self.ours)), None)


async def open_channel(
    ours: AssociationPeer, theirs: Remote, side: Side, label: str, **terms: Any
) -> Channel:
    """Open a channel and wait until it is open at both ends."""
    if side == "ours":
        renamed = {TERMS.get(name, name): value for name, value in terms.items()}
        stream = ours.association.open_channel(label, **renamed)
        since = len(ours.events)
        ours.wake()
        found = await theirs.do("find", label=label)
        await ours.until(lambda: _events_of(ours, ChannelOpened, stream, since) != [])
        return Channel(ours, theirs, stream, found["channel"], found, since)
    await theirs.do("open", label=label, **terms)
    return await find_channel(ours, theirs, label)


async def find_channel(ours: AssociationPeer, theirs: Remote, label: str) -> Channel:
    """A channel that the other side opens."""

    def found() -> list[int]:
        events = enumerate(ours.events)
        return [n for n, e in events if isinstance(e, ChannelOpened) and e.label == label]

    await ours.until(lambda: found() != [])
    place = await theirs.do("find", label=label)
    (since,) = found()
    opened = ours.events[since]
    assert isinstance(opened, ChannelOpened) and opened.by_peer
    seen = {
        "protocol": opened.protocol,
        "ordered": opened.ordered,
        "maxRetransmits": opened.max_retransmits,
        "maxPacketLifeTime": opened.max_lifetime_ms,
    }
    return Channel(ours, theirs, opened.stream, place["channel"], seen, since)


@contextlib.asynccontextmanager
async def connected(
    theirs: Remote, stack: Stack, *, offerer: Side = "theirs", our_role: Role | None = None
) -> AsyncIterator[Link]:
    """A link with one open channel, opened by who offers. our_role: of DTLS."""
    our_role = our_role or stack.our_role
    await theirs.do("start")
    ours = AssociationPeer(controlling=offerer == "ours", largest_packet_bytes=stack.packet_bytes)
    try:
        if offerer == "ours":
            offer = await ours.offer("actpass" if our_role == "server" else "active")
            await ours.accept(await theirs.do("answer", sdp=offer))
            yield Link(ours, theirs, await open_channel(ours, theirs, "ours", FIRST))
        else:
            await theirs.do("open", label=FIRST)
            setup = "active" if our_role == "client" else "passive"
            answer = await ours.answer(await theirs.do("offer"), setup)
            await theirs.do("accept", sdp=answer)
            yield Link(ours, theirs, await find_channel(ours, theirs, FIRST))
        stats = ours.association.stats()
        assert (stats["bad_checksum"], stats["bad_tag"], stats["malformed"]) == (0, 0, 0)
    finally:
        await theirs.do("end")
        await ours.close()


def _events_of(ours: AssociationPeer, kind: type[Of], stream: int, since: int) -> list[Of]:
    return [e for e in ours.events[since:] if isinstance(e, kind) and e.stream == stream]


def _ends(ours: AssociationPeer) -> list[AssociationClosed]:
    return [e for e in ours.events if isinstance(e, AssociationClosed)]
