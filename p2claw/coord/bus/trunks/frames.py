"""What goes over a trunk: frames of msgpack, each with its length before it. Sans-IO.

The node that listens sends a `Challenge`, the other a `Hello`, the first a `Welcome`; after that
one sends `Batch`es, and the other `Ack`s.
"""

from __future__ import annotations

import msgspec

from p2claw.errors import RemoteProtocolError

_LENGTH_BYTES = 4
# A Hello has a name of 16 characters and a signature of 64 bytes.
MOST_STRANGER_BYTES = 256
# 64 messages, each with a post or SDP of 64 KiB, and some more for what msgpack adds.
MOST_BYTES = 64 * 66_000


class Challenge(msgspec.Struct, tag="c", array_like=True, frozen=True):
    """nonce: drawn for this connection."""

    nonce: bytes


class Hello(msgspec.Struct, tag="h", array_like=True, frozen=True):
    """node: who dials. proof: a signature, of `identity`."""

    node: str
    proof: bytes


class Welcome(msgspec.Struct, tag="w", array_like=True, frozen=True):
    """last: the number of the last batch of yours that has come, by whichever way; 0: none."""

    last: int


class Batch(msgspec.Struct, tag="b", array_like=True, frozen=True):
    """number: higher than all before. payload: of `encode_messages`."""

    number: int
    payload: bytes


class Ack(msgspec.Struct, tag="a", array_like=True, frozen=True):
    """Every batch up to this number has come."""

    number: int


Frame = Challenge | Hello | Welcome | Batch | Ack

_ENCODER = msgspec.msgpack.Encoder()
_DECODER: msgspec.msgpack.Decoder[Frame] = msgspec.msgpack.Decoder(Frame)


def encoded(frame: Frame) -> bytes:
    """A frame with its length before it."""
    payload = _ENCODER.encode(frame)
    return len(payload).to_bytes(_LENGTH_BYTES) + payload


class Frames:
    """Finds the frames in what comes. most_bytes: of one; it may be raised."""

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes = most_bytes
        self._received = bytearray()

    def receive(self, data: bytes) -> list[Frame]:
        """The frames that are whole now. Raises RemoteProtocolError."""
        self._received += data
        found, start = [], 0
        while len(self._received) >= start + _LENGTH_BYTES:
            at = start + _LENGTH_BYTES
            size = int.from_bytes(self._received[start:at])
            if size > self.most_bytes:
                raise RemoteProtocolError(f"A frame of {size} bytes is longer than a node sends")
            if len(self._received) < at + size:
                break
            found.append(_decoded(bytes(self._received[at : at + size])))
            start = at + size
        del self._received[:start]
        return found


def _decoded(payload: bytes) -> Frame:
    try:
        return _DECODER.decode(payload)
    except msgspec.DecodeError as error:
        raise RemoteProtocolError(f"A node sent a frame that cannot be read: {error}") from None
