"""Building messages: `pytest bench/test_scheduler.py --benchmark-group-by=func`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pytest_benchmark.fixture import BenchmarkFixture

from bench.codecs import both_codecs
from p2claw.wire.frames.codec import Codec
from p2claw.wire.frames.codes import FrameType

if TYPE_CHECKING:
    from p2claw._pyframe import Scheduler

CREDIT = 2**31 - 1
ROUNDS = 200


def _time(benchmark: BenchmarkFixture, queued: Callable[[], Scheduler]) -> int:
    """Bytes of all messages; only building them is timed, each round on a new scheduler."""
    size: int = benchmark.pedantic(  # type: ignore[no-untyped-call]
        _drained, setup=lambda: ((queued(),), {}), rounds=ROUNDS
    )
    return size


def _drained(scheduler: Scheduler) -> int:
    size = 0
    while (message := scheduler.next_message()) is not None:
        size += len(message)
        scheduler.drain_notices()
    return size


@both_codecs
def test_four_megabytes_of_one_stream(benchmark: BenchmarkFixture, codec: Codec) -> None:
    piece = b"b" * 65_536

    def queued() -> Scheduler:
        scheduler = codec.scheduler(262_144, 65_536)
        scheduler.open(1, CREDIT, 3)
        for _ in range(64):
            scheduler.push(1, piece, False)
        return scheduler

    assert _time(benchmark, queued) > 4_194_304


@both_codecs
def test_four_megabytes_of_sixteen_streams(benchmark: BenchmarkFixture, codec: Codec) -> None:
    piece = b"b" * 65_536

    def queued() -> Scheduler:
        scheduler = codec.scheduler(262_144, 65_536)
        for stream in range(1, 33, 2):
            scheduler.open(stream, CREDIT, 3)
            for _ in range(4):
                scheduler.push(stream, piece, False)
        return scheduler

    assert _time(benchmark, queued) > 4_194_304


@both_codecs
def test_a_hundred_small_responses(benchmark: BenchmarkFixture, codec: Codec) -> None:
    def queued() -> Scheduler:
        scheduler = codec.scheduler(262_144, 65_536)
        for stream in range(1, 201, 2):
            scheduler.open(stream, CREDIT, 3)
            scheduler.head(stream, FrameType.RESPONSE, b"h" * 300, False)
            scheduler.push(stream, b"b" * 1_000, True)
        return scheduler

    assert _time(benchmark, queued) > 130_000
