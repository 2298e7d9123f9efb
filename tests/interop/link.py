"""A link between our association and another stack, in the words of the scenarios.

`side` says who acts: "ours" or "theirs". Terms of channels have the W3C's names on both sides.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from p2claw.dataplane.core._sctp import (
    BASE_PACKET_BYTES,
    LARGEST_PACKET_BYTES,
    Association,
    AssociationClosed,
    ChannelOpened,
)
from tests.interop.ends import End, StreamEnd, TheirEnd
from tests.interop.stacks import Role, Stack
from tests.peers.pattern import Message, Sum
from tests.peers.remote import Remote
from tests.support.association_peer import AssociationPeer, Passes

Side = Literal["ours", "theirs"]
SIDES: tuple[Side, ...] = ("ours", "theirs")

TERMS = {"maxRetransmits": "max_retransmits", "maxPacketLifeTime": "max_lifetime_ms"}
FIRST = "first"


def other(side: Side) -> Side:
    return "theirs" if side == "ours" else "ours"


@dataclass(frozen=True, slots=True)
class Channel:
    """Both ends of one. seen: the facts that the side that did not open it got."""

    ours: End
    theirs: End
    stream: int
    seen: dict[str, Any] = field(default_factory=dict)

    async def send(self, side: Side, messages: Iterable[Message]) -> None:
        await self._end(side).send(messages)

    async def received(self, side: Side, count: int) -> list[tuple[str, int, str]]:
        return await self._end(side).received(count)

    async def digest(self, side: Side, total_bytes: int) -> Sum:
        return await self._end(side).digest(total_bytes)

    async def close(self, side: Side) -> None:
        await self._end(side).close()

    async def closed(self) -> None:
        """Wait until both ends saw it close."""
        await self.theirs.closed()
        await self.ours.closed()

    def _end(self, side: Side) -> End:
        return self.ours if side == "ours" else self.theirs


@dataclass(frozen=True, slots=True)
class Link:
    """Both sides. `first` is a channel that is open on a link that `connected` made."""

    ours: AssociationPeer
    theirs: Remote
    first: Channel

    @property
    def association(self) -> Association:
        return self.ours.association

    async def open(self, side: Side, label: str, **terms: Any) -> Channel:
        """Open a channel and wait until it is open at both ends."""
        return await _open(self.ours, self.theirs, side, label, **terms)

    async def open_negotiated(self, stream: int) -> Channel:
        """A channel whose number both sides know without asking."""
        place = await self.theirs.do("open", label="negotiated", negotiated=True, id=stream)
        self.association.open_channel("negotiated", negotiated=True, stream=stream)
        await self.theirs.do("find", label="negotiated")
        ours = StreamEnd(self.ours, stream, len(self.ours.events))
        return Channel(ours, TheirEnd(self.theirs, place), stream)

    async def ended(self) -> AssociationClosed | None:
        """Wait until our end is closed; what the association sent of it, unless DTLS was first."""

        def ends() -> list[AssociationClosed]:
            return [e for e in self.ours.events if isinstance(e, AssociationClosed)]

        await self.ours.until(lambda: self.ours.is_lost or ends() != [])
        return next(iter(ends()), None)


@contextlib.asynccontextmanager
async def connected(
    theirs: Remote,
    stack: Stack,
    *,
    offerer: Side = "theirs",
    our_role: Role | None = None,
    passes: Passes = lambda direction, packet: True,
) -> AsyncIterator[Link]:
    """A link with one open channel, opened by who offers. our_role: of DTLS."""
    our_role = our_role or stack.our_role
    packet_bytes = BASE_PACKET_BYTES if "padding" in stack.lacks else LARGEST_PACKET_BYTES
    await theirs.do("start")
    ours = AssociationPeer(controlling=offerer == "ours", largest_packet_bytes=packet_bytes)
    ours.passes = passes
    try:
        if offerer == "ours":
            offer = await ours.offer("actpass" if our_role == "server" else "active")
            await ours.accept(await theirs.do("answer", sdp=offer))
            yield Link(ours, theirs, await _open(ours, theirs, "ours", FIRST))
        else:
            await theirs.do("open", label=FIRST)
            setup = "active" if our_role == "client" else "passive"
            answer = await ours.answer(await theirs.do("offer"), setup)
            await theirs.do("accept", sdp=answer)
            yield Link(ours, theirs, await _find(ours, theirs, FIRST))
        stats = ours.association.stats()
        wrong = stats["bad_checksum"], stats["bad_tag"], stats["malformed"]
        assert wrong == (0, 0, 0), f"packets that were wrong: {stats}"
    finally:
        await theirs.do("end")
        await ours.close()


async def _open(
    ours: AssociationPeer, theirs: Remote, side: Side, label: str, **terms: Any
) -> Channel:
    if side == "theirs":
        await theirs.do("open", label=label, **terms)
        return await _find(ours, theirs, label)
    renamed = {TERMS.get(name, name): value for name, value in terms.items()}
    stream = ours.association.open_channel(label, **renamed)
    our_end = StreamEnd(ours, stream, len(ours.events))
    ours.wake()
    found = await theirs.do("find", label=label)
    await our_end.opened()
    return Channel(our_end, TheirEnd(theirs, found["channel"]), stream, found)


async def _find(ours: AssociationPeer, theirs: Remote, label: str) -> Channel:
    """The channel that the other side opens."""

    def events() -> list[int]:
        numbered = enumerate(ours.events)
        return [n for n, e in numbered if isinstance(e, ChannelOpened) and e.label == label]

    await ours.until(lambda: events() != [])
    found = await theirs.do("find", label=label)
    (since,) = events()
    opened = ours.events[since]
    assert isinstance(opened, ChannelOpened) and opened.by_peer
    seen = {
        "protocol": opened.protocol,
        "ordered": opened.ordered,
        "maxRetransmits": opened.max_retransmits,
        "maxPacketLifeTime": opened.max_lifetime_ms,
    }
    our_end = StreamEnd(ours, opened.stream, since)
    return Channel(our_end, TheirEnd(theirs, found["channel"]), opened.stream, seen)
