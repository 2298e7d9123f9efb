"""One message while it is being filled."""

from __future__ import annotations

from p2claw._pyframe.frames import HEADER, HEADER_BYTES, MESSAGE_BYTES


class Message:
    """The frames of one message, in the order in which they were added, and the room that is left.

    Whoever adds makes sure that there is room.
    """

    __slots__ = ("frames", "parts", "room")

    def __init__(self) -> None:
        self.parts: list[bytes | memoryview] = []
        self.room = MESSAGE_BYTES
        self.frames = 0

    def add(self, frame: bytes) -> None:
        """Add a whole frame, header and payload."""
        self.parts.append(frame)
        self.room -= len(frame)
        self.frames += 1

    def add_header(self, length: int, type: int, flags: int, stream: int) -> None:
        """Add the header of a frame whose payload follows by `add_payload`."""
        self.parts.append(HEADER.pack(length, type, flags, stream))
        self.room -= HEADER_BYTES
        self.frames += 1

    def add_payload(self, data: bytes | memoryview) -> None:
        """Add bytes to the payload of the frame whose header was added last."""
        self.parts.append(data)
        self.room -= len(data)
