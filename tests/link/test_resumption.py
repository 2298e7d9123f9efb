"""Pumps whose link is lost and followed by another, over pipes."""

from __future__ import annotations

import asyncio
import time

import pytest

from p2claw.errors import LinkError
from p2claw.link import pump as pump_module
from p2claw.link.pump import Pump
from p2claw.link.stream import BoxStream
from p2claw.wire.frames.hello import Role
from p2claw.wire.session.events import ResumeAsked
from p2claw.wire.session.session import Session
from tests.link.pumps import GET, OK, POST, body_of, echo, eventually
from tests.support.pipe import PipeEnd, pipe

TOKEN = b"crab"
PIECE = bytes(range(256)) * 64


class Visit:
    """A visitor and a box over a pipe that can be cut, and the pipes that follow it."""

    def __init__(self, handler: object = echo) -> None:
        self.box_end, self.visitor_end = pipe()
        self.box = Pump(
            Session(Role.BOX, token=TOKEN),
            self.box_end,
            handler=handler,  # type: ignore[arg-type]
        )
        self.visitor = Pump(Session(Role.VISITOR, app="dog"), self.visitor_end)
        self.others: list[Pump] = []
        self.box.start()
        self.visitor.start()

    async def renew(self, *, known: bool = True, together: int = 0) -> int | None:
        """Open another pipe for the session; as `Pump.resume_reply`.

        together: what the box sends on it comes at once, when it is more than so many messages.
        """

        def resume(pump: Pump, asked: ResumeAsked) -> bool:
            if known:
                assert asked.token == TOKEN
                self.box.adopt(pump.hand_over(), asked.received)
            return known

        self.box_end, self.visitor_end = pipe()
        box = Pump(Session(Role.BOX, token=b"other"), self.box_end, handler=echo, resume=resume)
        box.start()
        self.visitor.freeze()
        resumes = self.visitor.session.resumption
        session = Session(Role.VISITOR, app="dog", resumes=resumes)
        visitor = Pump(session, self.visitor_end)
        self.others += box, visitor
        visitor.start()
        if together:
            self.box_end.hold()
            await eventually(lambda: len(self.box_end.sent) > together)
            self.box_end.release()
        received = await visitor.resume_reply(timeout_s=5)
        if received is not None:
            self.visitor.adopt(visitor.hand_over(), received)
        return received

    async def close(self) -> None:
        self.box_end.lose()
        for pump in (self.box, self.visitor, *self.others):
            await pump.close()


async def test_a_body_goes_on_over_another_link() -> None:
    visit = Visit()
    await visit.visitor.hello(timeout_s=5)
    stream = visit.visitor.open(POST, end=False)
    sent = b""
    for turn in range(4):
        await stream.write(PIECE)
        sent += PIECE
        if turn % 2:
            visit.box_end.lose()
            await eventually(lambda: visit.visitor.is_waiting and visit.box.is_waiting)
            assert await visit.renew() is not None
    await stream.write(b"", end=True)
    assert await body_of(stream) == sent
    await visit.close()


async def test_what_comes_right_behind_the_reply_is_of_the_session_that_goes_on() -> None:
    visit = Visit()
    stream = visit.visitor.open(POST, end=False)
    await stream.response()
    visit.visitor_end.far.hold()  # what the box sends is on its way, and never comes
    await stream.write(2 * PIECE)
    await eventually(lambda: visit.box_end.buffered_bytes > len(PIECE))
    visit.box_end.lose()
    await visit.renew(together=3)
    await stream.write(b"", end=True)
    assert await body_of(stream) == 2 * PIECE
    await visit.close()


async def test_a_link_that_is_lost_before_its_reply_carries_no_session() -> None:
    visit = Visit()
    await visit.visitor.hello(timeout_s=5)
    visit.box_end.lose()
    visitor_end, _ = pipe()
    pump = Pump(
        Session(Role.VISITOR, app="dog", resumes=visit.visitor.session.resumption), visitor_end
    )
    pump.start()
    visitor_end.lose()
    with pytest.raises(LinkError):
        await pump.resume_reply(timeout_s=5)
    assert not pump.is_waiting
    await pump.close()
    await visit.renew()
    await visit.close()


async def test_requests_that_were_made_between_two_links_get_a_response() -> None:
    visit = Visit()
    await visit.visitor.hello(timeout_s=5)
    visit.box_end.lose()
    await eventually(lambda: visit.visitor.is_waiting)
    stream = visit.visitor.open(GET, end=True)
    await visit.renew()
    assert (await stream.response()).status == 200
    await visit.close()


async def test_a_link_is_replaced_that_is_not_lost_at_all() -> None:
    """Packets of the old one that still come are for nobody."""
    visit = Visit()
    await visit.visitor.hello(timeout_s=5)
    stream = visit.visitor.open(POST, end=False)
    await stream.write(PIECE)
    old: PipeEnd = visit.box_end
    await visit.renew()
    old.release()
    await stream.write(PIECE, end=True)
    assert await body_of(stream) == 2 * PIECE
    await visit.close()


async def test_a_session_that_the_box_has_lost_is_refused_and_another_begins() -> None:
    visit = Visit()
    await visit.visitor.hello(timeout_s=5)
    visit.box_end.lose()
    assert await visit.renew(known=False) is None
    again = visit.others[-1].open(GET, end=True)
    assert (await again.response()).status == 200
    await visit.close()


async def test_a_link_that_the_other_side_closes_is_the_end() -> None:
    visit = Visit()
    await visit.visitor.hello(timeout_s=5)
    await visit.visitor.close()
    await visit.box.wait_closed()
    await visit.close()


async def test_another_link_that_is_given_up_at_once_does_not_end_the_session() -> None:
    """The visitor never learned that it was resumed, and tries again."""
    visit = Visit()
    stream = visit.visitor.open(POST, end=False)
    await stream.response()
    await stream.write(PIECE)
    await visit.renew()
    visit.visitor.freeze()
    visit.visitor_end.close()
    await eventually(lambda: visit.box.is_waiting)
    await visit.renew()
    await stream.write(PIECE, end=True)
    assert await body_of(stream) == 2 * PIECE
    await visit.close()


async def test_a_session_that_nobody_resumes_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pump_module, "RESUME_S", 0.05)
    ended = asyncio.Event()

    async def handler(stream: BoxStream) -> None:
        try:
            await stream.respond(OK)
            await asyncio.Event().wait()
        finally:
            ended.set()

    visit = Visit(handler)
    stream = visit.visitor.open(GET, end=True)
    await stream.response()
    visit.box_end.lose()
    await asyncio.wait_for(ended.wait(), 5)
    with pytest.raises(LinkError):
        await stream.read()
    await visit.close()


async def lost_with_little_patience(monkeypatch: pytest.MonkeyPatch) -> Visit:
    """Both sides wait 0.2 s for another link."""
    monkeypatch.setattr(pump_module, "RESUME_S", 0.2)
    monkeypatch.setattr(pump_module, "STOOD_STILL_S", 0.1)
    visit = Visit()
    await visit.visitor.hello(timeout_s=5)
    visit.box_end.lose()
    await eventually(lambda: visit.visitor.is_waiting and visit.box.is_waiting)
    return visit


async def test_who_stood_still_while_it_waited_waits_once_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    visit = await lost_with_little_patience(monkeypatch)
    time.sleep(0.5)  # noqa: ASYNC251
    await asyncio.sleep(0.01)
    assert visit.visitor.is_waiting and visit.box.is_waiting
    await eventually(lambda: visit.visitor.loss is not None and visit.box.loss is not None)
    await visit.close()


async def test_who_stands_still_whenever_its_wait_is_over_does_not_wait_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    visit = await lost_with_little_patience(monkeypatch)
    for _ in range(2):
        time.sleep(0.5)  # noqa: ASYNC251
        await asyncio.sleep(0.01)
    assert visit.visitor.loss is not None and visit.box.loss is not None
    await visit.close()
