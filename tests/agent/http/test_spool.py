"""A body that is kept until its length is known: bounded, and gone afterwards."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from p2claw.agent.http.spool import Spool, SpoolSpace
from p2claw.agent.request_faults import BodyTooLargeFault, BoxBusyFault
from p2claw.config import SpoolLimits

LIMITS = SpoolLimits(memory_bytes=1_000, request_bytes=5_000_000, total_bytes=12_000_000)
HERE, OTHER = "203.0.113.0/24", "198.51.100.0/24"


@pytest.fixture
def space(tmp_path: Path) -> SpoolSpace:
    return SpoolSpace(tmp_path / "spool", LIMITS)


async def read_back(spool: Spool) -> bytes:
    await spool.rewind()
    body = b""
    while piece := await spool.read():
        body += piece
    return body


@pytest.mark.parametrize("pieces", [[], [b"a"], [b"x" * 900], [b"a" * 600, b"b" * 600, b"c"]])
async def test_a_body_is_read_back_as_it_was_written(
    space: SpoolSpace, pieces: list[bytes]
) -> None:
    async with space.spool(1, HERE) as spool:
        for piece in pieces:
            await spool.write(piece)
        assert await read_back(spool) == b"".join(pieces)
        assert spool.length == len(b"".join(pieces))


async def test_a_small_body_stays_in_memory(space: SpoolSpace, tmp_path: Path) -> None:
    async with space.spool(1, HERE) as spool:
        await spool.write(b"x" * 1_000)
        assert not spool.on_disk
        assert not (tmp_path / "spool").exists()


async def test_a_large_body_goes_to_the_disk(space: SpoolSpace) -> None:
    body = bytes(range(256)) * 16_000
    async with space.spool(1, HERE) as spool:
        for start in range(0, len(body), 16_376):
            await spool.write(body[start : start + 16_376])
        assert spool.on_disk
        assert await read_back(spool) == body


async def test_the_file_has_no_name(space: SpoolSpace, tmp_path: Path) -> None:
    async with space.spool(1, HERE) as spool:
        await spool.write(b"x" * 2_000)
        assert list((tmp_path / "spool").iterdir()) == []


async def test_a_body_above_the_limit_is_refused(space: SpoolSpace) -> None:
    async with space.spool(1, HERE) as spool:
        await spool.write(b"x" * 5_000_000)
        with pytest.raises(BodyTooLargeFault):
            await spool.write(b"x")


async def test_all_bodies_together_are_bounded(space: SpoolSpace) -> None:
    async with space.spool(1, HERE) as first, space.spool(2, OTHER) as second:
        await first.write(b"x" * 5_000_000)
        await second.write(b"x" * 4_500_000)
        async with space.spool(3, OTHER) as third:
            with pytest.raises(BoxBusyFault, match="used up"):
                await third.write(b"x" * 3_000_000)


async def test_one_visitors_bodies_leave_room_for_anothers(space: SpoolSpace) -> None:
    async with space.spool(1, HERE) as one, space.spool(1, HERE) as two:
        await one.write(b"x" * 4_000_000)
        with pytest.raises(BoxBusyFault, match="its share"):
            for _ in range(300):
                await two.write(b"x" * 10_000)
        async with space.spool(2, OTHER) as neighbours:
            await neighbours.write(b"x" * 3_000_000)


async def test_the_room_of_a_body_is_given_back(space: SpoolSpace) -> None:
    for _ in range(3):
        async with space.spool(1, HERE) as spool:
            await spool.write(b"x" * 4_000_000)
    assert space.used_bytes == 0


async def test_a_home_that_cannot_be_written_is_a_busy_box(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("a file where the directory should be")
    async with SpoolSpace(tmp_path / "spool", LIMITS).spool(1, HERE) as spool:
        with pytest.raises(BoxBusyFault):
            await spool.write(b"x" * 2_000)


async def test_one_that_is_cancelled_while_it_writes_waits_for_its_thread(
    space: SpoolSpace,
) -> None:
    spools: list[Spool] = []

    async def write() -> None:
        async with space.spool(1, HERE) as spool:
            spools.append(spool)
            await spool.write(b"x" * 4_000_000)

    writing = asyncio.create_task(write())
    await asyncio.sleep(0)
    writing.cancel()
    await asyncio.wait({writing})
    assert writing.cancelled()
    assert spools[0].on_disk  # the thread had finished before the file was closed
    assert space.used_bytes == 0
