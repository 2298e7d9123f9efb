"""A message of the data channel: both codecs must give the same frames, or the same refusal."""

from __future__ import annotations

from p2claw import _fastframe, _pyframe
from p2claw.errors import RemoteProtocolError
from p2claw.wire.frames.codes import FrameType
from p2claw.wire.frames.payloads import read_goaway, read_reset, read_window
from tests.vectors.by_hand import denoted
from tests.wire.vectors import read

SEEDS = [denoted(case["message"]) for case in read("frames.json")["valid"]]
SEEDS = [seed for seed in SEEDS if len(seed) < 2_000]

_READERS = {
    FrameType.RESET: read_reset,
    FrameType.WINDOW: read_window,
    FrameType.GOAWAY: read_goaway,
}


def run(data: bytes) -> None:
    try:
        frames = _fastframe.decode_message(data)
    except RemoteProtocolError as fast:
        try:
            _pyframe.decode_message(data)
        except RemoteProtocolError as reference:
            assert fast.message == reference.message
            raise
        raise AssertionError("the reference took what the extension refused") from fast
    assert frames == _pyframe.decode_message(data)
    assert b"".join(_fastframe.encode_frame(*frame) for frame in frames) == data
    for type, _, _, payload in frames:
        if type in _READERS:
            _READERS[FrameType(type)](payload)
