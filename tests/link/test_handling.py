"""One task a request: when it begins, when it is cancelled, what becomes of what it raises."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import replace

import pytest

from p2claw.errors import StreamResetError, UsageError
from p2claw.link.keeping import Keeping
from p2claw.link.stream import BoxStream
from p2claw.wire.frames.codes import Code
from tests.link.pumps import DEADLINE_S, GET, OK, POST, eventually, linked


class Waiting:
    """A handler that responds, then waits until it is cancelled."""

    def __init__(self) -> None:
        self.cancelled = asyncio.Event()

    async def __call__(self, stream: BoxStream) -> None:
        await stream.respond(OK)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise


async def _reset_code(handler: object) -> int:
    async with linked(handler) as link:  # type: ignore[arg-type]
        stream = link.visitor.open(GET, end=True)
        with pytest.raises(StreamResetError) as caught:
            await stream.response()
            await stream.read()
        return caught.value.reset_code


async def test_the_visitors_reset_cancels_the_task() -> None:
    handler = Waiting()
    async with linked(handler) as link:
        stream = link.visitor.open(GET, end=True)
        await stream.response()
        stream.reset(Code.CANCEL)
        await asyncio.wait_for(handler.cancelled.wait(), DEADLINE_S)


async def test_a_task_that_is_cancelled_is_waited_for_at_the_end_of_the_link() -> None:
    begun, end = asyncio.Event(), asyncio.Event()

    async def slow(stream: BoxStream) -> None:
        begun.set()
        for _ in range(2):  # the reset, and then the loss of the link
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
        await end.wait()

    async with linked(slow) as link:
        stream = link.visitor.open(GET, end=True)
        await begun.wait()
        stream.reset(Code.CANCEL)
        await eventually(lambda: not link.box.session.streams)
        link.visitor_end.lose()
        closing = asyncio.create_task(link.box.wait_closed())
        for _ in range(20):
            await asyncio.sleep(0)
        assert not closing.done()
        end.set()
        await asyncio.wait_for(closing, DEADLINE_S)


async def test_a_task_that_is_cancelled_before_it_begins_is_forgotten() -> None:
    handler = Waiting()
    async with linked(handler) as link:
        stream = link.visitor.open(GET, end=True)
        stream.reset(Code.CANCEL)  # both in one message
        for _ in range(20):
            await asyncio.sleep(0)
        handling = link.box._streams._handling
        assert handling is not None
        assert not handling._tasks
        assert not handling._ending


async def test_the_loss_of_the_link_cancels_the_task() -> None:
    handler = Waiting()
    async with linked(handler) as link:
        await link.visitor.open(GET, end=True).response()
        link.visitor_end.lose()
        await link.box.wait_closed()
        assert handler.cancelled.is_set()


@pytest.mark.parametrize("lost", [True, False])
async def test_what_is_kept_goes_on_where_the_link_is_lost_and_not_where_the_box_ends_it(
    lost: bool,
) -> None:
    begun, may_end, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def handler(stream: BoxStream) -> None:
        begun.set()
        await may_end.wait()
        ended.set()

    async with linked(handler) as link:
        link.visitor.open(replace(POST, keep=True), end=True)
        await asyncio.wait_for(begun.wait(), DEADLINE_S)
        if lost:
            link.visitor_end.lose()
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(link.box.wait_closed(), timeout=0.05)
            may_end.set()
        else:
            await link.box.close()
        await asyncio.wait_for(link.box.wait_closed(), DEADLINE_S)
    assert ended.is_set() == lost


async def test_what_is_kept_ends_once_the_box_ends_its_lost_link() -> None:
    handler = Waiting()
    async with linked(handler) as link:
        await link.visitor.open(replace(POST, keep=True), end=True).response()
        link.visitor_end.lose()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(link.box.wait_closed(), timeout=0.05)
        await link.box.close()
    assert handler.cancelled.is_set()


async def test_what_there_is_no_place_for_ends_with_its_link(
    caplog: pytest.LogCaptureFixture,
) -> None:
    begun: list[str] = []
    cancelled: list[str] = []

    async def handler(stream: BoxStream) -> None:
        begun.append(stream.request.target)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(stream.request.target)
            raise

    keeping = Keeping(kept=2, per_visitor=1)
    async with (
        linked(handler, places=keeping.of("one")) as link,
        linked(handler, places=keeping.of("one")) as same,
        linked(handler, places=keeping.of("other")) as other,
        linked(handler, places=keeping.of("third")) as third,
    ):
        for number, each in enumerate((link, same, other, third)):
            each.visitor.open(replace(POST, keep=True, target=f"/{number}"), end=True)
        await eventually(lambda: len(begun) == 4)
        async with asyncio.timeout(DEADLINE_S):
            with caplog.at_level(logging.INFO):
                for each in (link, same, other, third):
                    each.visitor_end.lose()
                await same.box.wait_closed()
                await third.box.wait_closed()
            assert sorted(cancelled) == ["/1", "/3"]
            await other.box.close()
        assert keeping.reserve("third", 5) == 1
    assert [record.getMessage() for record in caplog.records].count("requests not kept") == 2


async def test_the_visitors_reset_ends_what_is_kept() -> None:
    handler = Waiting()
    async with linked(handler) as link:
        stream = link.visitor.open(replace(POST, keep=True), end=True)
        await stream.response()
        stream.reset(Code.CANCEL)
        await asyncio.wait_for(handler.cancelled.wait(), DEADLINE_S)


async def test_a_handler_that_fails_resets_its_stream_alone() -> None:
    async def handler(stream: BoxStream) -> None:
        if stream.request.method == "POST":
            raise ZeroDivisionError
        await stream.respond(OK, end=True)

    async with linked(handler) as link:
        failing = link.visitor.open(POST, end=True)
        with pytest.raises(StreamResetError) as caught:
            await failing.response()
        assert caught.value.reset_code == Code.INTERNAL
        assert (await link.visitor.open(GET, end=True).response()).status == 200


async def test_a_handler_that_fails_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    async def handler(stream: BoxStream) -> None:
        raise ZeroDivisionError

    with caplog.at_level(logging.ERROR):
        await _reset_code(handler)
    assert [record.getMessage() for record in caplog.records] == ["handler failed"]


async def test_an_error_of_ours_is_no_fault(caplog: pytest.LogCaptureFixture) -> None:
    async def handler(stream: BoxStream) -> None:
        raise UsageError("not this way")

    with caplog.at_level(logging.ERROR):
        assert await _reset_code(handler) == Code.INTERNAL
    assert caplog.records == []


async def test_a_response_that_is_left_unfinished_is_reset() -> None:
    async def handler(stream: BoxStream) -> None:
        await stream.respond(OK)
        await stream.write(b"and then")

    assert await _reset_code(handler) == Code.INTERNAL
