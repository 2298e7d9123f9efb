"""The compiled codec and the reference: the same result for whatever they are given."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from p2claw import _fastframe, _pyframe
from p2claw.errors import P2clawError

_IDS = st.integers(1, 6)
_SIZES = st.one_of(
    st.integers(0, 40),
    st.integers(900, 1_200),
    st.integers(16_300, 16_400),
    st.integers(32_700, 200_000),
)

_FRAMES = st.lists(
    st.tuples(
        st.one_of(st.integers(0, 9), st.integers(0, 255)),
        st.integers(0, 255),
        st.one_of(st.integers(0, 3), st.integers(0, 2**32 - 1)),
        st.binary(max_size=12),
    ),
    max_size=6,
)

_OPERATIONS = st.one_of(
    st.tuples(st.just("open"), _IDS, st.integers(0, 300_000), st.integers(0, 7)),
    st.tuples(st.just("head"), _IDS, _SIZES, st.booleans()),
    st.tuples(st.just("push"), _IDS, _SIZES, st.booleans()),
    st.tuples(st.just("push_view"), _IDS, _SIZES, st.booleans()),
    # A socket that has so many bytes, and a tap that may draw so many.
    st.tuples(st.just("draw"), _IDS, st.integers(0, 60_000), st.integers(0, 80_000)),
    st.tuples(st.just("draw_no_more"), _IDS),
    st.tuples(st.just("whole"), _IDS, _SIZES, st.lists(st.integers(1, 70_000), max_size=3)),
    st.tuples(st.just("trailers"), _IDS, _SIZES),
    st.tuples(st.just("credit"), _IDS, st.one_of(_SIZES, st.just(2**31 - 1))),
    st.tuples(st.just("close"), _IDS),
    st.tuples(st.just("control"), st.integers(0, 16_376), st.booleans()),
    st.tuples(st.just("next"), st.integers(1, 12)),
)


def _outcome(call: Callable[[], Any]) -> Any:
    """What a call gives: its result, or the error that a caller would see."""
    try:
        return call()
    except P2clawError as error:
        return (type(error), error.code, error.message)


_DELIVERIES = st.one_of(
    st.tuples(st.just("fill"), st.integers(0, 200_000)),
    st.tuples(st.just("refill"), st.integers(0, 200_000)),
    st.tuples(st.just("hand_out")),
    st.tuples(st.just("again")),
    # Of what was sent, and counts that nobody can have received.
    st.tuples(st.just("acknowledged"), st.integers(-30, 30)),
    st.tuples(st.just("repeat"), st.integers(-30, 30)),
    st.tuples(st.just("acknowledge"), st.one_of(st.integers(0, 40), st.just(2**64 - 1))),
    st.tuples(st.just("keep_none")),
)


@given(st.binary(max_size=64))
@settings(max_examples=400)
def test_they_read_any_bytes_alike(message: bytes) -> None:
    fast = _outcome(lambda: _fastframe.decode_message(message))
    assert fast == _outcome(lambda: _pyframe.decode_message(message))


@given(_FRAMES, st.integers(-8, 8), st.integers(0, 300), st.integers(0, 255))
@settings(max_examples=400)
def test_they_read_damaged_messages_alike(
    frames: list[tuple[int, int, int, bytes]], cut: int, at: int, byte: int
) -> None:
    message = bytearray(b"".join(_pyframe.encode_frame(*frame) for frame in frames))
    if at < len(message):
        message[at] = byte
    damaged = bytes(message[:cut]) if cut < 0 else bytes(message) + b"\0" * cut
    fast = _outcome(lambda: _fastframe.decode_message(damaged))
    assert fast == _outcome(lambda: _pyframe.decode_message(damaged))


@given(
    st.integers(-2, 257),
    st.integers(-2, 257),
    st.integers(-2, 2**32 + 2),
    st.one_of(st.integers(0, 20), st.integers(16_370, 16_380)),
)
def test_they_write_any_frame_alike(type: int, flags: int, stream: int, size: int) -> None:
    payload = b"p" * size
    fast = _outcome(lambda: _fastframe.encode_frame(type, flags, stream, payload))
    assert fast == _outcome(lambda: _pyframe.encode_frame(type, flags, stream, payload))


@given(st.lists(_OPERATIONS, max_size=60))
@settings(max_examples=300, deadline=None)
def test_they_schedule_any_sequence_alike(operations: list[tuple[Any, ...]]) -> None:
    fast = _fastframe.Scheduler(100_000, 20_000)
    reference = _pyframe.Scheduler(100_000, 20_000)
    for count, operation in enumerate(operations):
        result = _operate(fast, operation, count)
        assert result == _operate(reference, operation, count), operation
        for stream in range(1, 7):
            assert fast.queued(stream) == reference.queued(stream)
            assert fast.started(stream) == reference.started(stream)
    assert fast.control_bytes == reference.control_bytes
    assert fast.frames_out == reference.frames_out


class _Sink:
    """A channel that sends nothing."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self.flushes = 0

    @property
    def buffered_bytes(self) -> int:
        return sum(map(len, self.messages))

    def send(self, message: bytes) -> None:
        self.messages.append(message)

    def flush(self) -> None:
        self.flushes += 1


@given(st.lists(st.one_of(_OPERATIONS, _DELIVERIES), max_size=80))
@settings(max_examples=300, deadline=None)
def test_they_hand_out_and_keep_alike(operations: list[tuple[Any, ...]]) -> None:
    fast = _fastframe.Outbox(_fastframe.Scheduler(100_000, 20_000), 150_000, 48)
    reference = _pyframe.Outbox(_pyframe.Scheduler(100_000, 20_000), 150_000, 48)
    for count, operation in enumerate(operations):
        result = _deliver(fast, operation, count)
        assert result == _deliver(reference, operation, count), operation
        for fact in ("sent", "sent_bytes", "kept", "is_full", "is_open", "is_plain"):
            assert getattr(fast, fact) == getattr(reference, fact), fact


def _deliver(
    outbox: _fastframe.Outbox | _pyframe.Outbox, operation: tuple[Any, ...], count: int
) -> Any:
    match operation:
        case ("fill", most_bytes):
            sink = _Sink()
            outbox.fill(sink, most_bytes)
            return sink.messages
        case ("refill", most_bytes):
            sink, looks = _Sink(), []
            codec = _fastframe if isinstance(outbox, _fastframe.Outbox) else _pyframe
            codec.Refill(outbox, sink, most_bytes, looks.append)()
            return sink.messages, sink.flushes, looks
        case ("hand_out",):
            return outbox.next()
        case ("again",):
            return outbox.again()
        case ("acknowledged" | "repeat" as call, more):
            return getattr(outbox, call)(outbox.sent + more)
        case ("acknowledge", received):
            return outbox.acknowledged(received)
        case ("keep_none",):
            return outbox.keep_none()
    return _operate(outbox.scheduler, operation, count)


def _tap(scheduler: _fastframe.Scheduler | _pyframe.Scheduler, data: bytes, most_bytes: int) -> Any:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with theirs:
        assert theirs.send(data) == len(data)
    codec = _fastframe if isinstance(scheduler, _fastframe.Scheduler) else _pyframe
    return codec.Tap(ours.detach(), most_bytes)


def _operate(
    scheduler: _fastframe.Scheduler | _pyframe.Scheduler, operation: tuple[Any, ...], count: int
) -> Any:
    # The bytes differ from operation to operation, so that a piece in the wrong place shows.
    def filled(size: int) -> bytes:
        return bytes((count * 7 + n) % 251 for n in range(251)) * (size // 251 + 1)

    match operation:
        case ("open", stream, credit, urgency):
            return _outcome(lambda: scheduler.open(stream, credit, urgency))
        case ("head", stream, size, end):
            return _outcome(lambda: scheduler.head(stream, 2, filled(size)[:size], end))
        case ("push", stream, size, end):
            return _outcome(lambda: scheduler.push(stream, filled(size)[:size], end))
        case ("whole", stream, size, sizes):
            pieces = [filled(piece)[:piece] for piece in sizes]
            return _outcome(lambda: scheduler.whole(stream, 2, filled(size)[:size], pieces))
        case ("push_view", stream, size, end):
            view = memoryview(b"??" + filled(size))[2 : 2 + size]
            return _outcome(lambda: scheduler.push(stream, view, end))
        case ("draw", stream, size, most_bytes):
            tap = _tap(scheduler, filled(size)[:size], most_bytes)
            return _outcome(lambda: scheduler.draw(stream, tap))
        case ("draw_no_more", stream):
            return _outcome(lambda: scheduler.draw(stream, None))
        case ("trailers", stream, size):
            return _outcome(lambda: scheduler.trailers(stream, filled(size)[:size]))
        case ("credit", stream, n):
            return scheduler.credit(stream, n)
        case ("close", stream):
            return scheduler.close(stream)
        case ("control", size, front):
            return scheduler.control(b"c" * (8 + size), front)
        case ("next", times):
            return [(scheduler.next_message(), scheduler.drain_notices()) for _ in range(times)]
    raise AssertionError(operation)
