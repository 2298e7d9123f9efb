"""Frames in and out of messages: `pytest bench/test_codec.py --benchmark-group-by=func`."""

from __future__ import annotations

from pytest_benchmark.fixture import BenchmarkFixture

from bench.codecs import both_codecs
from p2claw.wire.frames.codec import Codec
from p2claw.wire.frames.codes import FLAG_END, FrameType

FULL = b"d" * 16_376


@both_codecs
def test_decode_one_full_data_frame(benchmark: BenchmarkFixture, codec: Codec) -> None:
    message = codec.encode_frame(FrameType.DATA, 0, 1, FULL)
    assert benchmark(codec.decode_message, message) == [(FrameType.DATA, 0, 1, FULL)]


@both_codecs
def test_decode_sixty_four_small_frames(benchmark: BenchmarkFixture, codec: Codec) -> None:
    message = codec.encode_frame(FrameType.DATA, 0, 1, b"d" * 100) * 64
    assert len(benchmark(codec.decode_message, message)) == 64


@both_codecs
def test_encode_a_small_frame(benchmark: BenchmarkFixture, codec: Codec) -> None:
    frame = benchmark(codec.encode_frame, FrameType.WINDOW, FLAG_END, 7, b"\0\1\0\0")
    assert len(frame) == 12
