"""p2claw.edge.leaving: a few at a time, in their order, and nobody is forgotten."""

from __future__ import annotations

import asyncio

from p2claw.edge import leaving
from p2claw.edge.leaving import Leaving


async def test_the_loop_does_other_things_between_some_and_some() -> None:
    ended: list[int] = []
    some = Leaving(asyncio.get_running_loop())
    for number in range(3 * leaving._AT_ONCE):
        some.add(lambda number=number: ended.append(number))  # type: ignore[misc]
    seen = []
    while some:
        await asyncio.sleep(0)
        seen.append(len(ended))
    assert seen == [leaving._AT_ONCE * turn for turn in (1, 2, 3)]
    assert ended == list(range(3 * leaving._AT_ONCE))


async def test_one_that_fails_keeps_no_other() -> None:
    ended: list[int] = []
    failed: list[object] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: failed.append(context["exception"]))
    some = Leaving(loop)
    some.add(lambda: ended.append(1 // 0))
    some.add(lambda: ended.append(2))
    for _ in range(3):
        await asyncio.sleep(0)
    assert ended == [2]
    assert [type(one) for one in failed] == [ZeroDivisionError]


async def test_a_server_that_stops_ends_all() -> None:
    ended: list[int] = []
    some = Leaving(asyncio.get_running_loop())
    for number in range(100):
        some.add(lambda number=number: ended.append(number))  # type: ignore[misc]
    some.end_all()
    assert ended == list(range(100))
    await asyncio.sleep(0)
    assert len(ended) == 100
