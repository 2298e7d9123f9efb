"""How the links of one port share a processor that has no time for all that they could send."""

from __future__ import annotations

import asyncio

from p2claw.dataplane.carrier._engine import UdpPort
from p2claw.link.box_peer import BoxPeer
from p2claw.link.visitor_peer import VisitorPeer
from tests.link.peers import Pair, User
from tests.link.test_bulk import MESSAGE, Source

FIRST = 3
LATER = 13
# Over all links: until those that came first are fast, and what is counted at a time then.
FIRST_BYTES = 40_000_000
BYTES_COUNTED = 80_000_000
# The others find out what they may send meanwhile: at once, or, if this process gets little of the
# machine, within so many counts. Whoever had more by its rate alone would have more in each.
COUNTS = 6
NEARLY_ALIKE = 0.95


class Reader(User):
    """Counts bytes, and keeps none."""

    def __init__(self) -> None:
        super().__init__()
        self.got_bytes = 0

    def message_received(self, message: bytes) -> None:
        self.got_bytes += len(message)


class Download:
    """One link over which more and more is sent."""

    def __init__(self, port: UdpPort) -> None:
        self.link = Pair(VisitorPeer(), BoxPeer(port=port))
        self.reader = Reader()

    async def begin(self) -> None:
        await self.link.join()
        to_box, to_visitor = await self.link.channels()
        self.source = Source(to_visitor)
        to_box.attach(self.reader, low_water_bytes=0)
        to_visitor.attach(self.source, low_water_bytes=2 * len(MESSAGE))
        self.source.channel_drained()

    async def end(self) -> None:
        self.source.is_over = True
        await asyncio.gather(self.link.visitor.close(), self.link.box.close())


async def go_on(downloads: list[Download], size_bytes: int) -> list[int]:
    """Until so much has come over all of them; how much over each."""
    before = [one.reader.got_bytes for one in downloads]
    while True:
        await asyncio.sleep(0.01)
        got = [one.reader.got_bytes - b for one, b in zip(downloads, before, strict=True)]
        if sum(got) >= size_bytes:
            return got


def jain(shares: list[int]) -> float:
    """1 where all have the same, 1/n where one has everything."""
    return sum(shares) ** 2 / (len(shares) * sum(share**2 for share in shares))


async def settle(downloads: list[Download]) -> None:
    """Until all have had nearly the same in one count, or there were enough of them."""
    for _ in range(COUNTS):
        if jain(await go_on(downloads, BYTES_COUNTED)) > NEARLY_ALIKE:
            return


async def test_links_that_came_later_get_as_much_as_those_that_were_there() -> None:
    port = UdpPort()
    downloads = [Download(port) for _ in range(FIRST + LATER)]
    try:
        for one in downloads[:FIRST]:
            await one.begin()
        await go_on(downloads[:FIRST], FIRST_BYTES)
        for one in downloads[FIRST:]:
            await one.begin()
        await settle(downloads)
        assert jain(await go_on(downloads, BYTES_COUNTED)) > NEARLY_ALIKE
    finally:
        for one in downloads:
            await one.end()
        port.close()
