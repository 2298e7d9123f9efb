"""A link between p2claw's own peer, box or visitor, and another stack."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Literal

from p2claw.dataplane.carrier._engine import UdpPort
from p2claw.link.box_peer import BoxPeer
from p2claw.link.peer import Peer
from p2claw.link.sdp import read_description
from p2claw.link.visitor_peer import VisitorPeer
from tests.interop.ends import HIGH_WATER_BYTES, PeerEnd, TheirEnd
from tests.interop.link import Channel
from tests.link.peers import User
from tests.peers.remote import Remote

OurPeer = Literal["box", "visitor"]

OPEN_TIMEOUT_S = 30


@dataclass(frozen=True, slots=True)
class PeerLink:
    """Both sides, and the channel of docs/WIRE.md §1. takes_bytes: theirs, in one message."""

    peer: Peer
    theirs: Remote
    channel: Channel
    takes_bytes: int


@contextlib.asynccontextmanager
async def connected_peer(
    theirs: Remote, kind: OurPeer, port: UdpPort | None = None
) -> AsyncIterator[PeerLink]:
    """A link with the channel open; what comes is kept in order."""
    await theirs.do("start")
    place = await theirs.do("open", label="p2claw", protocol="p2claw/1", negotiated=True, id=0)
    peer = BoxPeer(port=port) if kind == "box" else VisitorPeer(port=port)
    try:
        if isinstance(peer, BoxPeer):
            described = await theirs.do("offer")
            await theirs.do("accept", sdp=await peer.answer(described))
        else:
            described = await theirs.do("answer", sdp=await peer.offer())
            await peer.accept(described)
        channel, user = await peer.channel(timeout_s=OPEN_TIMEOUT_S), User()
        channel.attach(user, low_water_bytes=HIGH_WATER_BYTES // 2)
        await theirs.do("find", label="p2claw")
        ends = Channel(PeerEnd(channel, user), TheirEnd(theirs, place), 0)
        yield PeerLink(peer, theirs, ends, read_description(described).message_bytes)
        plane = peer.stats().plane
        assert plane is not None
        wrong = plane["bad_checksum"], plane["bad_tag"], plane["malformed"]
        assert wrong == (0, 0, 0), f"packets that were wrong: {plane}"
    finally:
        await theirs.do("end")
        await peer.close()
