"""p2claw.coord.bus.trunks.frames: frames are found in whatever pieces they come."""

from __future__ import annotations

import pytest

from p2claw.coord.bus.trunks.frames import (
    MOST_BYTES,
    Ack,
    Batch,
    Challenge,
    Frame,
    Frames,
    Hello,
    Welcome,
    encoded,
)
from p2claw.errors import RemoteProtocolError

ALL: list[Frame] = [
    Challenge(bytes(32)),
    Hello("node", bytes(64)),
    Welcome(0),
    Batch(1, b"x" * 3000),
    Ack(1),
]


@pytest.mark.parametrize("piece_bytes", [1, 7, 1_000_000])
def test_frames_come_out_as_they_went_in_whatever_the_pieces(piece_bytes: int) -> None:
    data, frames = b"".join(map(encoded, ALL)), Frames(MOST_BYTES)
    found = []
    for at in range(0, len(data), piece_bytes):
        found += frames.receive(data[at : at + piece_bytes])
    assert found == ALL


@pytest.mark.parametrize(
    "data", [(257).to_bytes(4), b"\x00\x00\x00\x01\xc1", b"GET / HTTP/1.1\r\n\r\n"]
)
def test_what_is_too_long_or_no_frame_is_an_error_at_once(data: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        Frames(256).receive(data)
