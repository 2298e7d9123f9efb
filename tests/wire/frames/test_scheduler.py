"""Whose turn it is, by docs/WIRE.md §6, on both codecs."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, cast

import pytest

from p2claw import _fastframe, _pyframe
from p2claw.errors import LocalProtocolError
from p2claw.wire.frames.codec import Codec, Frame
from p2claw.wire.frames.codes import FLAG_END, FLAG_MORE, FrameType

if TYPE_CHECKING:
    from p2claw._pyframe import Scheduler, Tap

CREDIT = 2**31 - 1
FULL = 16_376


def _scheduler(codec: Codec) -> Scheduler:
    return codec.scheduler(262_144, 65_536)


def _bulk(codec: Codec, *streams: int, size: int = 4_000_000) -> Scheduler:
    """A scheduler whose streams have sent their first 65,536 bytes and have size more to send."""
    scheduler = _scheduler(codec)
    for stream in streams:
        scheduler.open(stream, CREDIT, 3)
        scheduler.push(stream, b"f" * 65_536, False)
    while scheduler.next_message():
        pass
    for stream in streams:
        scheduler.push(stream, b"b" * size, False)
    return scheduler


def _next(codec: Codec, scheduler: Scheduler) -> list[Frame]:
    message = scheduler.next_message()
    return [] if message is None else codec.decode_message(message)


def _bytes_by_stream(messages: list[list[Frame]]) -> dict[int, int]:
    sizes: dict[int, int] = {}
    for message in messages:
        for _, _, stream, payload in message:
            sizes[stream] = sizes.get(stream, 0) + len(payload)
    return sizes


def test_nothing_queued_makes_no_message(codec: Codec) -> None:
    assert _scheduler(codec).next_message() is None


def test_session_frames_go_before_heads_and_heads_before_bodies(codec: Codec) -> None:
    scheduler = _scheduler(codec)
    scheduler.open(1, CREDIT, 3)
    scheduler.push(1, b"body", False)
    scheduler.open(3, CREDIT, 3)
    scheduler.head(3, FrameType.RESPONSE, b"head", False)
    scheduler.control(codec.encode_frame(FrameType.PING, 0, 0, b"12345678"))
    types = [frame[0] for frame in _next(codec, scheduler)]
    assert types == [FrameType.PING, FrameType.RESPONSE, FrameType.DATA]


def test_a_control_frame_may_go_before_its_like(codec: Codec) -> None:
    scheduler = _scheduler(codec)
    scheduler.control(codec.encode_frame(FrameType.WINDOW, 0, 1, b"\0\0\0\1"))
    scheduler.control(codec.encode_frame(FrameType.PING, 1, 0, b"12345678"), True)
    assert [frame[0] for frame in _next(codec, scheduler)] == [FrameType.PING, FrameType.WINDOW]


def test_a_body_waits_for_the_head_of_its_stream(codec: Codec) -> None:
    scheduler = _scheduler(codec)
    scheduler.open(1, CREDIT, 3)
    scheduler.head(1, FrameType.RESPONSE, b"h" * 40_000, False)
    scheduler.push(1, b"body", True)
    frames = [frame for _ in range(3) for frame in _next(codec, scheduler)]
    assert [(frame[0], frame[1]) for frame in frames] == [
        (FrameType.RESPONSE, FLAG_MORE),
        (FrameType.RESPONSE, FLAG_MORE),
        (FrameType.RESPONSE, 0),
        (FrameType.DATA, FLAG_END),
    ]


def test_a_smaller_head_does_not_overtake_one_that_does_not_fit(codec: Codec) -> None:
    scheduler = _scheduler(codec)
    for stream, size in ((1, 9_000), (3, 9_000), (5, 10)):
        scheduler.open(stream, CREDIT, 3)
        scheduler.head(stream, FrameType.REQUEST, b"h" * size, True)
    streams = [[frame[2] for frame in _next(codec, scheduler)] for _ in range(2)]
    assert streams == [[1], [3, 5]]


def test_no_body_fills_the_room_that_a_head_does_not_fit_into(codec: Codec) -> None:
    scheduler = _scheduler(codec)
    scheduler.open(1, CREDIT, 3)
    scheduler.push(1, b"body", False)
    for stream in (3, 5):
        scheduler.open(stream, CREDIT, 3)
        scheduler.head(stream, FrameType.REQUEST, b"h" * 9_000, True)
    streams = [[frame[2] for frame in _next(codec, scheduler)] for _ in range(2)]
    assert streams == [[3], [5, 1]]


def test_a_stream_whose_turns_are_cut_short_gets_the_rest_later(codec: Codec) -> None:
    scheduler = _bulk(codec, 1, 3)
    sizes = {1: 0, 3: 0}
    turn = 1
    for _ in range(400):
        if turn == 1:
            scheduler.control(codec.encode_frame(0x40, 0, 9, b"c" * 500))
        data = [frame for frame in _next(codec, scheduler) if frame[0] == FrameType.DATA]
        for _, _, stream, payload in data:
            sizes[stream] += len(payload)
        turn = 4 - data[-1][2]
    assert abs(sizes[1] - sizes[3]) <= 2 * FULL


def test_control_does_not_come_between_the_parts_of_a_head(codec: Codec) -> None:
    scheduler = _scheduler(codec)
    scheduler.open(1, CREDIT, 3)
    scheduler.head(1, FrameType.RESPONSE, b"h" * 20_000, True)
    scheduler.next_message()
    scheduler.control(codec.encode_frame(FrameType.WINDOW, 0, 1, b"\0\0\0\1"))
    assert [frame[0] for frame in _next(codec, scheduler)] == [FrameType.RESPONSE, FrameType.WINDOW]


def test_a_lone_stream_fills_its_messages(codec: Codec) -> None:
    scheduler = _bulk(codec, 1)
    sizes = [len(scheduler.next_message() or b"") for _ in range(100)]
    assert set(sizes) == {16_384}


def test_small_writes_are_joined_into_one_frame(codec: Codec) -> None:
    scheduler = _scheduler(codec)
    scheduler.open(1, CREDIT, 3)
    for n in range(100):
        scheduler.push(1, bytes([n]), n == 99)
    assert _next(codec, scheduler) == [(FrameType.DATA, FLAG_END, 1, bytes(range(100)))]


def test_a_view_of_a_larger_buffer_is_sent_as_it_is(codec: Codec) -> None:
    scheduler = _scheduler(codec)
    scheduler.open(1, CREDIT, 3)
    scheduler.push(1, memoryview(b"..body..")[2:6], False)
    assert _next(codec, scheduler) == [(FrameType.DATA, 0, 1, b"body")]


def test_bulk_streams_share_evenly(codec: Codec) -> None:
    scheduler = _bulk(codec, 1, 3, 5)
    sizes = _bytes_by_stream([_next(codec, scheduler) for _ in range(90)])
    assert sizes == {1: 30 * FULL, 3: 30 * FULL, 5: 30 * FULL}


def test_streams_share_evenly_though_small_frames_take_room(codec: Codec) -> None:
    scheduler = _bulk(codec, 1, 3)
    messages = []
    for _ in range(120):
        scheduler.control(codec.encode_frame(FrameType.WINDOW, 0, 9, b"\0\0\0\1"))
        messages.append([frame for frame in _next(codec, scheduler) if frame[2] != 9])
    sizes = _bytes_by_stream(messages)
    assert abs(sizes[1] - sizes[3]) <= 2 * FULL


def test_no_crumbs_are_cut_to_fill_a_message(codec: Codec) -> None:
    scheduler = _bulk(codec, 1, 3)
    for n in range(200):
        scheduler.control(codec.encode_frame(FrameType.RESET, 0, 9, b"\0" * (2 + n)))
        data = [frame for frame in _next(codec, scheduler) if frame[0] == FrameType.DATA]
        assert all(len(frame[3]) >= 1_024 for frame in data)


def test_a_fresh_stream_goes_before_bulk(codec: Codec) -> None:
    scheduler = _bulk(codec, 1)
    scheduler.next_message()
    scheduler.open(3, CREDIT, 3)
    scheduler.push(3, b"small", True)
    assert [frame[2] for frame in _next(codec, scheduler)] == [3, 1]


def test_an_urgent_stream_stays_before_bulk_however_much_it_sends(codec: Codec) -> None:
    scheduler = _bulk(codec, 1)
    scheduler.open(3, CREDIT, 1)
    scheduler.push(3, b"u" * 1_000_000, False)
    sizes = _bytes_by_stream([_next(codec, scheduler) for _ in range(56)])
    assert sizes[3] == 49 * FULL


def test_one_message_in_eight_is_bulks_while_others_wait(codec: Codec) -> None:
    scheduler = _bulk(codec, 1)
    scheduler.open(3, CREDIT, 0)
    scheduler.push(3, b"u" * 4_000_000, False)
    messages = [_next(codec, scheduler) for _ in range(80)]
    turns = [n for n, message in enumerate(messages) if message[0][2] == 1]
    assert {after - before for before, after in pairwise(turns)} == {8}


def test_heads_without_end_do_not_starve_bulk(codec: Codec) -> None:
    scheduler = _bulk(codec, 1)
    for stream in range(3, 203, 2):
        scheduler.open(stream, CREDIT, 3)
        scheduler.head(stream, FrameType.REQUEST, b"h" * FULL, True)
    sizes = _bytes_by_stream([_next(codec, scheduler) for _ in range(80)])
    assert sizes[1] == 10 * FULL


def test_a_stream_leaves_the_fresh_ones_after_65536_bytes(codec: Codec) -> None:
    scheduler = _bulk(codec, 1)
    scheduler.open(3, CREDIT, 3)
    scheduler.push(3, b"f" * 4_000_000, False)
    sizes = _bytes_by_stream([_next(codec, scheduler) for _ in range(105)])
    assert abs((sizes[3] - 65_536) - sizes[1]) <= 3 * FULL


def test_no_more_than_the_credit_goes(codec: Codec) -> None:
    scheduler = _scheduler(codec)
    scheduler.open(1, 100, 3)
    scheduler.push(1, b"b" * 500, True)
    assert _bytes_by_stream([_next(codec, scheduler), _next(codec, scheduler)]) == {1: 100}


def test_credit_lets_the_rest_go_with_its_end(codec: Codec) -> None:
    scheduler = _scheduler(codec)
    scheduler.open(1, 100, 3)
    scheduler.push(1, b"b" * 150, True)
    scheduler.next_message()
    scheduler.credit(1, 50)
    assert _next(codec, scheduler) == [(FrameType.DATA, FLAG_END, 1, b"b" * 50)]


def test_credit_above_its_limit_is_refused(codec: Codec) -> None:
    scheduler = _scheduler(codec)
    scheduler.open(1, CREDIT - 1, 3)
    assert [scheduler.credit(1, 1), scheduler.credit(1, 1)] == [True, False]


def test_a_stream_without_credit_does_not_hold_up_the_others(codec: Codec) -> None:
    scheduler = _scheduler(codec)
    scheduler.open(1, 0, 0)
    scheduler.push(1, b"blocked", False)
    scheduler.open(3, CREDIT, 7)
    scheduler.push(3, b"free", False)
    assert _next(codec, scheduler) == [(FrameType.DATA, 0, 3, b"free")]


def test_trailers_follow_the_body_and_finish_the_stream(codec: Codec) -> None:
    scheduler = _scheduler(codec)
    scheduler.open(1, CREDIT, 3)
    scheduler.push(1, b"body", False)
    scheduler.trailers(1, b"\x90")
    frames = _next(codec, scheduler)
    assert frames == [(FrameType.DATA, 0, 1, b"body"), (FrameType.TRAILERS, 0, 1, b"\x90")]
    assert scheduler.drain_notices() == [(0, 1)]


class App:
    """A pair of sockets, of which an app has one end."""

    def __init__(self) -> None:
        self.ours, self.theirs = socket.socketpair()

    def tap(self, codec: Codec, most_bytes: int = 2**40) -> Tap:
        module = {"fastframe": _fastframe, "pyframe": _pyframe}[codec.name]
        return cast("Tap", module.Tap(self.ours.dup().detach(), most_bytes))

    def send(self, data: bytes) -> None:
        assert self.theirs.send(data, socket.MSG_DONTWAIT) == len(data)

    def fill(self) -> None:
        """Send until it would wait."""
        with contextlib.suppress(BlockingIOError):
            while True:
                self.theirs.send(bytes(FULL), socket.MSG_DONTWAIT)


@pytest.fixture
def app() -> Iterator[App]:
    app = App()
    with app.ours, app.theirs:
        yield app


def test_what_a_tap_has_follows_what_is_queued_and_fills_messages(codec: Codec, app: App) -> None:
    scheduler = _scheduler(codec)
    scheduler.open(1, CREDIT, 3)
    scheduler.push(1, b"q" * 1_000, False)
    app.send(b"t" * 40_000)
    scheduler.draw(1, app.tap(codec))
    sizes = [len(frame[3]) for _ in range(3) for frame in _next(codec, scheduler)]
    assert sizes == [1_000, FULL - 1_008, FULL, 40_000 - 2 * FULL + 1_008]
    assert scheduler.drain_notices() == [(_pyframe.WRITABLE, 1)]
    assert scheduler.next_message() is None


def test_a_tap_draws_no_more_than_its_bytes_and_the_end_follows(codec: Codec, app: App) -> None:
    scheduler = _scheduler(codec)
    scheduler.open(1, CREDIT, 3)
    app.send(b"t" * 5_000)
    tap = app.tap(codec, 3_000)
    scheduler.draw(1, tap)
    assert _bytes_by_stream([_next(codec, scheduler)]) == {1: 3_000}
    assert (tap.drawn, tap.left, tap.is_dry) == (3_000, 0, True)
    assert scheduler.drain_notices() == [(_pyframe.WRITABLE, 1)]
    scheduler.push(1, b"end", True)
    assert [(frame[1], frame[3]) for frame in _next(codec, scheduler)] == [(FLAG_END, b"end")]
    assert len(app.ours.recv(5_000)) == 2_000


def test_no_more_is_drawn_than_the_credit(codec: Codec, app: App) -> None:
    scheduler = _scheduler(codec)
    scheduler.open(1, 700, 3)
    app.send(b"t" * 5_000)
    scheduler.draw(1, app.tap(codec))
    assert _bytes_by_stream([_next(codec, scheduler)]) == {1: 700}
    assert scheduler.next_message() is None
    assert scheduler.drain_notices() == []
    scheduler.credit(1, 200)
    assert _bytes_by_stream([_next(codec, scheduler)]) == {1: 200}


def test_streams_with_taps_share_evenly_with_others(codec: Codec, app: App) -> None:
    scheduler = _bulk(codec, 1, 3)
    scheduler.open(5, CREDIT, 3)
    scheduler.push(5, b"f" * 65_536, False)
    scheduler.draw(5, app.tap(codec))
    messages = []
    for _ in range(60):
        app.fill()
        messages.append(_next(codec, scheduler))
    sizes = _bytes_by_stream(messages[10:])
    assert max(sizes.values()) - min(sizes.values()) <= 2 * FULL


def test_a_dry_tap_does_not_hold_up_the_others(codec: Codec, app: App) -> None:
    scheduler = _bulk(codec, 1)
    scheduler.open(3, CREDIT, 0)
    scheduler.draw(3, app.tap(codec))
    assert [frame[2] for frame in _next(codec, scheduler)] == [1]
    assert scheduler.drain_notices() == [(_pyframe.WRITABLE, 3)]


@pytest.mark.parametrize("is_closed", [True, False])
def test_of_a_tap_that_is_given_up_nothing_more_is_drawn(
    codec: Codec, app: App, is_closed: bool
) -> None:
    scheduler = _scheduler(codec)
    scheduler.open(1, CREDIT, 3)
    app.send(b"t" * 40_000)
    tap = app.tap(codec)
    scheduler.draw(1, tap)
    assert _bytes_by_stream([_next(codec, scheduler)]) == {1: FULL}
    if is_closed:
        tap.close()
        tap.close()
    else:
        scheduler.draw(1, None)
    assert scheduler.next_message() is None
    assert tap.drawn == FULL


def test_a_closed_stream_sends_nothing_more(codec: Codec) -> None:
    scheduler = _bulk(codec, 1)
    scheduler.close(1)
    assert scheduler.next_message() is None
    assert scheduler.queued(1) == 0


def test_the_producer_is_notified_once_when_low_water_is_reached(codec: Codec) -> None:
    scheduler = _scheduler(codec)
    scheduler.open(1, CREDIT, 3)
    scheduler.push(1, b"b" * 262_145, False)
    notices = []
    while scheduler.next_message():
        notices += [(notice, scheduler.queued(1)) for notice in scheduler.drain_notices()]
    assert len(notices) == 1
    assert notices[0][0] == (1, 1)
    assert 65_536 - FULL < notices[0][1] <= 65_536


def test_a_queue_that_is_watched_says_when_it_has_fallen_so_far(codec: Codec) -> None:
    scheduler = _scheduler(codec)
    scheduler.open(1, CREDIT, 3)
    scheduler.push(1, b"w" * 100_000, False)  # below high water
    scheduler.watch(1, 20_000)
    notices = []
    while scheduler.next_message():
        notices += [(notice, scheduler.queued(1)) for notice in scheduler.drain_notices()]
    assert notices == [((1, 1), 100_000 - 5 * FULL)]


def test_a_watch_replaces_the_notice_at_low_water(codec: Codec) -> None:
    scheduler = _scheduler(codec)
    scheduler.open(1, CREDIT, 3)
    scheduler.push(1, b"w" * 400_000, False)
    scheduler.watch(1, 0)
    notices = []
    while scheduler.next_message():
        notices += [(notice, scheduler.queued(1)) for notice in scheduler.drain_notices()]
    assert notices == [((1, 1), 0)]


def test_no_watch_is_kept_of_what_is_low_or_unknown(codec: Codec) -> None:
    scheduler = _scheduler(codec)
    scheduler.watch(7, 0)
    scheduler.open(1, CREDIT, 3)
    scheduler.push(1, b"w" * 100, False)
    scheduler.watch(1, 100)
    assert scheduler.next_message()
    assert scheduler.drain_notices() == []


def test_a_producer_that_stayed_below_high_water_gets_no_notice(codec: Codec) -> None:
    scheduler = _scheduler(codec)
    scheduler.open(1, CREDIT, 3)
    scheduler.push(1, b"b" * 262_144, False)
    while scheduler.next_message():
        assert scheduler.drain_notices() == []


@pytest.mark.parametrize("action", ["push", "head", "trailers"])
def test_a_stream_accepts_nothing_after_its_end(codec: Codec, action: str) -> None:
    scheduler = _scheduler(codec)
    scheduler.open(1, CREDIT, 3)
    scheduler.push(1, b"last", True)
    after = {
        "push": lambda: scheduler.push(1, b"x", False),
        "head": lambda: scheduler.head(1, FrameType.RESPONSE, b"x", False),
        "trailers": lambda: scheduler.trailers(1, b"x"),
    }
    with pytest.raises(LocalProtocolError) as refused:
        after[action]()
    assert refused.value.code == "stream-ended"


def test_a_stream_is_opened_once(codec: Codec) -> None:
    scheduler = _scheduler(codec)
    scheduler.open(1, 0, 3)
    with pytest.raises(LocalProtocolError) as refused:
        scheduler.open(1, 0, 3)
    assert refused.value.code == "stream-open"


def test_what_is_not_bytes_is_not_accepted(codec: Codec) -> None:
    scheduler = _scheduler(codec)
    scheduler.open(1, 0, 3)
    with pytest.raises(TypeError):
        scheduler.push(1, "text", False)  # type: ignore[arg-type]
