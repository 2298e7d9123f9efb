"""What both ends of a trunk share: frames are read from a connection, and written to it."""

from __future__ import annotations

import asyncio
from abc import abstractmethod

from p2claw.coord.bus.trunks.frames import Frame, Frames, encoded
from p2claw.errors import P2clawError, RemoteProtocolError


class End(asyncio.Protocol):
    """One end of one connection. most_bytes: of a frame."""

    def __init__(self, most_bytes: int) -> None:
        self._frames = Frames(most_bytes)
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment] # uvloop's is no subclass

    def data_received(self, data: bytes) -> None:
        try:
            for frame in self._frames.receive(data):
                self._received(frame)
        except RemoteProtocolError as error:
            self._over(error)

    def connection_lost(self, exc: Exception | None) -> None:
        self._over(RemoteProtocolError("The connection is over"))

    def write(self, frame: Frame) -> None:
        """Nothing if the connection is over."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(encoded(frame))

    @abstractmethod
    def _received(self, frame: Frame) -> None:
        """Raises RemoteProtocolError: it may not come now."""

    @abstractmethod
    def _over(self, why: P2clawError) -> None:
        """The connection ends, or has ended; it may be called again."""
