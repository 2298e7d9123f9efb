"""Many links on one port: each gets its own records, and the end of one is nobody else's."""

from __future__ import annotations

import asyncio
import hashlib
import random

from p2claw.dataplane.carrier._engine import UdpPort
from p2claw.link.box_peer import BoxPeer
from p2claw.link.visitor_peer import VisitorPeer
from tests.link.peers import DEADLINE_S, Pair, User, send_all

LINKS = 20
BODY_BYTES = 400_000


async def opened(port: UdpPort) -> Pair:
    joined = Pair(VisitorPeer(), BoxPeer(port=port))
    await joined.join()
    await joined.channels()
    return joined


async def download(peers: Pair, body: bytes) -> bytes:
    """The digest of what arrived."""
    to_box, to_visitor = await peers.channels()
    at_visitor, at_box = User(), User()
    to_box.attach(at_visitor, low_water_bytes=65_536)
    to_visitor.attach(at_box, low_water_bytes=65_536)
    sending = asyncio.create_task(send_all(to_visitor, at_box, body))
    try:
        got = await at_visitor.read(len(body))
    finally:
        await sending
    return hashlib.sha256(got).digest()


async def cut_off(peers: Pair, body: bytes) -> None:
    """Closed by either side in the middle of a download."""
    to_box, to_visitor = await peers.channels()
    at_visitor, at_box = User(), User()
    to_box.attach(at_visitor, low_water_bytes=65_536)
    to_visitor.attach(at_box, low_water_bytes=65_536)
    to_visitor.send(body)
    await at_visitor.arrived.wait()
    await (peers.box if len(body) % 2 else peers.visitor).close()
    for user in (at_visitor, at_box):
        await asyncio.wait_for(user.closed.wait(), DEADLINE_S)


async def test_twenty_links_at_once_are_kept_apart_while_some_close() -> None:
    port = UdpPort()
    links: list[Pair] = []
    bodies = [random.Random(n).randbytes(BODY_BYTES + n) for n in range(LINKS)]
    try:
        links.extend(await asyncio.gather(*(opened(port) for _ in range(LINKS))))
        assert all(link.box._port is port for link in links)
        staying = list(zip(links, bodies, strict=True))[::2]
        leaving = list(zip(links, bodies, strict=True))[1::2]
        digests, _ = await asyncio.gather(
            asyncio.gather(*(download(*link) for link in staying)),
            asyncio.gather(*(cut_off(*link) for link in leaving)),
        )
        assert digests == [hashlib.sha256(body).digest() for _, body in staying]
        for link, _ in staying:
            plane = link.box.stats().plane
            assert plane is not None
            assert plane["bad_records"] == plane["bad_tag"] == plane["bad_checksum"] == 0
    finally:
        for link in links:
            await asyncio.gather(link.visitor.close(), link.box.close())
        port.close()


async def test_a_link_that_closes_leaves_its_address_to_nobody() -> None:
    port = UdpPort()
    try:
        first = await opened(port)
        await asyncio.gather(first.visitor.close(), first.box.close())
        second = await opened(port)
        assert await download(second, b"x" * 100_000)
        await asyncio.gather(second.visitor.close(), second.box.close())
    finally:
        port.close()
