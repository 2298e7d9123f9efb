"""The pump: sessions over channels, from HELLO to the end of the link."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any
from unittest import mock

import pytest
import uvloop

from p2claw.errors import LinkError, LocalProtocolError, StreamResetError
from p2claw.link.driver import HIGH_WATER_BYTES
from p2claw.link.late import TURN_MESSAGES
from p2claw.link.pump import Pump
from p2claw.link.stream import BoxStream
from p2claw.wire.frames.codec import CODEC
from p2claw.wire.frames.codes import FLAG_END, Code, FrameType
from p2claw.wire.frames.heads import RequestHead, encode_request
from p2claw.wire.frames.hello import Role
from p2claw.wire.frames.limits import DEFAULT_LIMITS, Limits
from p2claw.wire.frames.payloads import received_payload
from p2claw.wire.session.delivery import ACK_AFTER_S
from p2claw.wire.session.session import Session
from tests.link.pumps import GET, OK, POST, Link, body_of, echo, eventually, linked
from tests.support.pipe import pipe


async def test_both_sides_learn_who_the_other_is() -> None:
    async with linked() as link:
        assert (await link.visitor.hello(timeout_s=5)).role is Role.BOX
        assert (await link.box.hello(timeout_s=5)).app == "dog"


async def test_a_peer_that_sends_no_hello_is_given_up() -> None:
    near, _far = pipe()
    pump = Pump(Session(Role.VISITOR, app="dog"), near)
    pump.start()
    with pytest.raises(LinkError) as caught:
        await pump.hello(timeout_s=0.01)
    assert caught.value.code == "link-timeout"
    near.lose()
    await pump.close()


async def test_messages_that_came_before_the_pump_are_read() -> None:
    box_end, visitor_end = pipe()
    visitor = Pump(Session(Role.VISITOR, app="dog"), visitor_end)
    visitor.start()
    stream = visitor.open(GET, end=True)
    await asyncio.sleep(0.01)

    box = Pump(Session(Role.BOX), box_end, handler=echo)
    box.start()
    assert (await stream.response()).status == 200
    box_end.lose()
    await asyncio.gather(box.close(), visitor.close())


async def test_no_more_than_high_water_is_put_into_the_channel() -> None:
    async with linked(echo) as link:
        link.visitor_end.hold()
        streams = [link.visitor.open(GET, end=False) for _ in range(16)]
        await asyncio.gather(*(stream.write(bytes(65_536)) for stream in streams))
        await asyncio.sleep(0)
        assert HIGH_WATER_BYTES <= link.visitor_end.buffered_bytes < HIGH_WATER_BYTES + 16_384


async def test_a_whole_response_leaves_at_once_if_it_is_alone_and_else_with_others() -> None:
    left_at_once: list[bool] = []
    link_of: list[Link] = []
    begun = asyncio.Event()

    async def respond(stream: BoxStream) -> None:
        await asyncio.sleep(0.001)  # the app's time: the request is dealt with
        if stream.request.target == "/two":
            await begun.wait()
        before = len(link_of[0].box_end.sent)
        stream.put_whole(OK, [b"whole"])
        left_at_once.append(len(link_of[0].box_end.sent) > before)

    async with linked(respond) as link:
        link_of.append(link)
        assert await body_of(link.visitor.open(GET, end=True)) == b"whole"
        assert left_at_once == [True]
        two = RequestHead("GET", "/two", ())
        streams = [link.visitor.open(two, end=True) for _ in range(2)]
        await eventually(lambda: len(link.box.session.streams) == 2)
        begun.set()
        assert [await body_of(stream) for stream in streams] == [b"whole", b"whole"]
        assert left_at_once == [True, False, False]


async def test_a_whole_response_that_fills_packets_leaves_at_once_beside_others() -> None:
    body = bytes(range(256)) * 80
    left: list[int] = []
    link_of: list[Link] = []
    begun = asyncio.Event()

    async def respond(stream: BoxStream) -> None:
        await begun.wait()
        before = len(link_of[0].box_end.sent)
        stream.put_whole(OK, [body[:10_000], body[10_000:]])
        left.append(len(link_of[0].box_end.sent) - before)
        assert not stream.queued

    async with linked(respond) as link:
        link_of.append(link)
        streams = [link.visitor.open(GET, end=True) for _ in range(3)]
        await eventually(lambda: len(link.box.session.streams) == 3)
        begun.set()
        assert [await body_of(stream) for stream in streams] == [body] * 3
        assert left == [2, 2, 2]


async def test_sending_goes_on_when_the_channel_has_drained() -> None:
    async with linked(echo) as link:
        link.visitor_end.hold()
        streams = [link.visitor.open(GET, end=False) for _ in range(16)]
        for stream in streams:
            await stream.write(bytes(65_536), end=True)
        await asyncio.sleep(0)
        link.visitor_end.release()
        bodies = await asyncio.gather(*(body_of(stream) for stream in streams))
        assert [len(body) for body in bodies] == [65_536] * 16


async def read_in_turns(link: Link, before: int, count: int) -> tuple[int, int]:
    """How many turns the box takes to read so many messages, and the most that it reads in one."""
    turns, most, seen = 0, 0, before
    while seen < before + count:
        await asyncio.sleep(0)  # a turn of everybody else
        now = link.box.session.counters.messages_in
        turns, most, seen = turns + 1, max(most, now - seen), now
    return turns, most


async def test_a_flood_of_messages_is_read_in_turns_and_in_order() -> None:
    count = 20 * TURN_MESSAGES
    async with linked(echo) as link:
        stream = link.visitor.open(POST, end=False)
        await stream.response()
        before = link.box.session.counters.messages_in
        for number in range(count):
            data = CODEC.encode_frame(FrameType.DATA, 0, stream.id, number.to_bytes(2))
            link.visitor.session._outbox.keep(data)
            link.visitor_end.send(data)
        turns, most = await read_in_turns(link, before, count)
        assert most <= TURN_MESSAGES + 1  # and one that acknowledges
        assert turns >= 20
        assert link.box.loss is None
        await stream.write(b"", end=True)
        wanted = b"".join(number.to_bytes(2) for number in range(count))
        assert await body_of(stream) == wanted


async def test_a_flood_of_acknowledgements_is_read_in_turns() -> None:
    count = 20 * TURN_MESSAGES
    async with linked(echo, token=bytes(16)) as link:
        await link.visitor.hello(timeout_s=5)
        await asyncio.sleep(0)
        before = link.box.session.counters.messages_in
        nothing = CODEC.encode_frame(FrameType.RECEIVED, 0, 0, received_payload(0))
        for _ in range(count):
            link.visitor_end.send(nothing)
        turns, most = await read_in_turns(link, before, count)
        assert most <= 9 * TURN_MESSAGES // 8 + 1  # their frames are no work
        assert turns >= 17
        assert link.box.loss is None


async def test_acknowledgements_that_come_one_by_one_are_read_as_they_come() -> None:
    async with linked(echo, token=bytes(16)) as link:
        await link.visitor.hello(timeout_s=5)
        nothing = CODEC.encode_frame(FrameType.RECEIVED, 0, 0, received_payload(0))
        for _ in range(2 * TURN_MESSAGES):
            before = link.box.session.counters.messages_in
            link.visitor_end.send(nothing)
            await asyncio.sleep(0)
            assert link.box.session.counters.messages_in == before + 1
            assert link.box._driver._late.messages is None


async def test_a_link_that_is_over_fills_its_channel_no_more() -> None:
    async def flood(stream: BoxStream) -> None:
        await stream.respond(OK)
        await stream.write(bytes(4 * HIGH_WATER_BYTES), end=True)

    async with linked(flood) as link:
        await link.visitor.hello(timeout_s=5)
        link.box_end.hold()
        link.visitor.open(GET, end=True)
        await eventually(lambda: link.box_end.buffered_bytes >= HIGH_WATER_BYTES)
        link.box.abandon(LinkError("it is over"))
        sent = len(link.box_end.sent)
        link.box_end.release()
        assert len(link.box_end.sent) == sent


@pytest.mark.parametrize(
    ("frames", "most_messages"), [(1, 28), (2, 14), (200, 1)], ids=["one", "two", "two hundred"]
)
async def test_messages_that_begin_requests_are_fewer_in_a_turn(
    frames: int, most_messages: int
) -> None:
    count, head = 100, encode_request(GET, DEFAULT_LIMITS)
    async with linked(echo) as link:
        await link.visitor.hello(timeout_s=5)
        before = link.box.session.counters.messages_in
        for number in range(count):
            heads = [
                CODEC.encode_frame(
                    FrameType.REQUEST, FLAG_END, 100_001 + 2 * (frames * number + one), head
                )
                for one in range(frames)
            ]
            link.visitor.session._outbox.keep(b"".join(heads))
            link.visitor_end.send(b"".join(heads))
        most, seen = 0, before
        while seen < before + count and link.box.loss is None:
            await asyncio.sleep(0)  # a turn of everybody else
            now = link.box.session.counters.messages_in
            most, seen = max(most, now - seen), now
        assert 1 <= most <= most_messages + 2  # and one that was read, and one that acknowledges


async def test_a_visitor_that_is_not_admitted_learns_why() -> None:
    async with linked(admit=lambda hello: Code.APP_UNKNOWN) as link:
        stream = link.visitor.open(GET, end=True)
        with pytest.raises(LinkError) as caught:
            await stream.response()
        assert caught.value.code == "app-unknown"


async def test_a_broken_message_ends_the_link_and_the_peer_learns_why() -> None:
    async with linked() as link:
        await link.visitor.hello(timeout_s=5)
        link.visitor_end.send(b"\xff" * 8)
        assert (await link.box.wait_closed()).code == "protocol"
        assert (await link.visitor.wait_closed()).code == "protocol"


async def test_text_on_the_channel_ends_the_link() -> None:
    async with linked() as link:
        await link.visitor.hello(timeout_s=5)
        link.visitor_end.send(b"")
        assert (await link.box.wait_closed()).code == "protocol"


async def test_a_lost_link_ends_every_wait() -> None:
    async with linked(echo) as link:
        stream = link.visitor.open(GET, end=False)
        await stream.response()
        reading = asyncio.create_task(stream.read())
        await asyncio.sleep(0)
        link.box_end.lose()
        with pytest.raises(LinkError):
            await reading
        with pytest.raises(LinkError):
            await stream.write(b"more")
        with pytest.raises(LinkError):
            link.visitor.open(GET, end=True)


async def test_silence_ends_the_link() -> None:
    limits = Limits(ping_after_s=0.02, dead_after_s=0.08)
    async with linked(visitor_limits=limits) as link:
        await link.visitor.hello(timeout_s=5)
        link.box_end.hold()
        assert (await link.visitor.wait_closed()).code == "timeout"


async def test_a_quiet_link_is_kept_by_pings() -> None:
    limits = Limits(ping_after_s=0.01, dead_after_s=0.2)
    async with linked(echo, visitor_limits=limits) as link:
        await link.visitor.hello(timeout_s=5)
        sent_before = len(link.visitor_end.sent)
        await eventually(lambda: len(link.visitor_end.sent) >= sent_before + 3)
        assert not link.visitor.draining


async def test_a_drain_lets_open_requests_finish() -> None:
    release = asyncio.Event()

    async def handler(stream: BoxStream) -> None:
        await stream.respond(OK)
        await release.wait()
        await stream.write(b"the end", end=True)

    async with linked(handler) as link:
        stream = link.visitor.open(GET, end=True)
        await stream.response()
        draining = asyncio.create_task(link.box.drain(timeout_s=5))
        await eventually(lambda: link.visitor.draining)
        with pytest.raises(LocalProtocolError) as caught:
            link.visitor.open(GET, end=True)
        assert caught.value.code == "goaway"
        release.set()
        assert await body_of(stream) == b"the end"
        await draining
        assert link.box_end.closed


async def test_a_request_that_crosses_a_drain_is_refused_as_safe_to_repeat() -> None:
    async with linked() as link:
        await link.visitor.hello(timeout_s=5)
        link.box_end.hold()
        link.box.session.goaway(Code.SHUTDOWN)
        stream = link.visitor.open(GET, end=True)
        await asyncio.sleep(0)
        link.box_end.release()
        with pytest.raises(StreamResetError) as caught:
            await stream.response()
        assert caught.value.reset_code == Code.REFUSED


async def test_a_drain_has_a_deadline() -> None:
    async def handler(stream: BoxStream) -> None:
        await stream.respond(OK)
        await asyncio.Event().wait()

    async with linked(handler) as link:
        stream = link.visitor.open(GET, end=True)
        await stream.response()
        await asyncio.wait_for(link.box.drain(timeout_s=0.01), 10)
        with pytest.raises(LinkError):
            await stream.read()


async def test_what_is_acknowledged_does_not_wait_for_room_in_a_full_channel() -> None:
    class CountingSession(Session):
        checks = 0

        def handle_timeout(self, now: float) -> None:
            self.checks += 1
            super().handle_timeout(now)

    async def flood(stream: BoxStream) -> None:
        await stream.respond(OK)
        await stream.write(bytes(4 * HIGH_WATER_BYTES), end=True)

    near, far = pipe()
    session = CountingSession(Role.BOX, token=bytes(16))
    box = Pump(session, near, handler=flood)
    visitor = Pump(Session(Role.VISITOR, app="dog"), far)
    box.start()
    visitor.start()
    await visitor.hello(timeout_s=5)
    near.hold()
    visitor.open(GET, end=True)
    await eventually(lambda: near.buffered_bytes >= HIGH_WATER_BYTES)
    await asyncio.sleep(3 * ACK_AFTER_S)
    assert sum(message[2] == FrameType.RECEIVED for message in near.sent) == 1
    assert session.checks < 10  # a deadline that stays in the past is a timer without a rest
    near.lose()
    await asyncio.gather(box.close(), visitor.close())


def test_a_deadline_that_has_passed_is_no_fault_on_uvloop() -> None:
    """uvloop calls soon what is due already, by a handle that does not know its moment."""

    async def run() -> None:
        async with linked() as link:
            pump = link.box
            passed = asyncio.get_running_loop().time() - 1.0
            with mock.patch.object(type(pump.session), "next_timeout", return_value=passed):
                pump._driver._arm()
                pump._driver._arm()

    uvloop.run(run())


@pytest.mark.parametrize("at", [1, 3, 8])
@pytest.mark.parametrize("what", ["count_received", "send"])
async def test_a_session_that_fails_half_way_through_a_message_is_over_and_skips_none(
    what: str, at: int
) -> None:
    """To go on would be a body without a piece of it, and nobody would know."""
    reported: list[str] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda loop, context: reported.append(context["message"])
    )
    async with linked(echo) as link:
        await link.visitor.hello(timeout_s=5)
        of_box: object = link.box_end if what == "send" else link.box.session._delivery
        kind, calls = type(of_box), itertools.count(1)
        call = getattr(kind, what)

        def failing_once(self: object, *given: Any) -> None:
            if self is of_box and next(calls) == at:
                raise MemoryError
            call(self, *given)

        with (
            mock.patch.object(kind, what, failing_once),
            pytest.raises(LinkError) as caught,
        ):
            stream = link.visitor.open(POST, end=False)
            for _ in range(40):
                await stream.write(bytes(16_000))
            await stream.write(b"", end=True)
            await stream.response()
            while await stream.read():
                pass
        assert caught.value.code == "internal"
        assert not link.box.session.can_resume
        assert link.box.loss is not None
    assert reported == ["fault in a session"]
