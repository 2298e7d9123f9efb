"""One stream: a request and its response, with the state of both directions."""

from __future__ import annotations

from collections.abc import Callable

from p2claw.errors import LocalProtocolError
from p2claw.wire.frames.codes import FLAG_MORE
from p2claw.wire.frames.faults import HeadTooLarge, SessionFault
from p2claw.wire.session.states import OVER, TRANSITIONS, Half, Step
from p2claw.wire.session.window import ReceiveWindow


class Stream:
    """One open stream.

    method: of the request; "" at a box until its head is read.
    ours, theirs: how far each direction has come.
    new_window: makes the receive window of the stream.
    unwanted: what still arrives is followed, but dropped.
    parts: of a head or of trailers whose last part is still to come.
    bodiless: the response has no DATA, docs/WIRE.md §4.
    shown: the user of the session knows this stream by an event, and is owed the event of its end.
    """

    __slots__ = (
        "_new_window",
        "_window",
        "bodiless",
        "id",
        "method",
        "ours",
        "parts",
        "shown",
        "theirs",
        "unwanted",
    )

    def __init__(self, id: int, new_window: Callable[[], ReceiveWindow], method: str) -> None:
        self.id = id
        self.method = method
        self.theirs = Half.AWAIT
        self.ours = Half.AWAIT
        self.unwanted = False
        self._new_window = new_window
        self._window: ReceiveWindow | None = None
        self.parts = bytearray()
        self.bodiless = False
        self.shown = False

    @property
    def is_over(self) -> bool:
        """Whether both sides have sent END."""
        return self.theirs in OVER and self.ours is Half.GONE

    @property
    def window(self) -> ReceiveWindow:
        """The credit of what comes. It is made for the first of it: most requests have no body."""
        if self._window is None:
            self._window = self._new_window()
        return self._window

    def close(self) -> None:
        """The stream is over: others may have what its window has grown by."""
        if self._window is not None:
            self._window.close()

    def advance_theirs(self, step: Step) -> None:
        """The other side does a step. Raises SessionFault if it is not allowed now."""
        after = TRANSITIONS.get((self.theirs, step))
        if after is None:
            raise SessionFault(f"{step.name} on stream {self.id}, which is at {self.theirs.name}")
        self.theirs = after

    def advance_ours(self, step: Step) -> None:
        """Our side does a step. Raises LocalProtocolError `out-of-order` if it is not allowed."""
        after = TRANSITIONS.get((self.ours, step))
        if after is None:
            raise LocalProtocolError(
                f"{step.name} on stream {self.id}, which is at {self.ours.name}",
                code="out-of-order",
            )
        self.ours = after

    def add_part(self, flags: int, payload: bytes, most_bytes: int) -> bytes | None:
        """Add a part of a head; returns the whole head once its last part is there.

        Raises HeadTooLarge.
        """
        size = len(self.parts) + len(payload)
        if size > most_bytes:
            self.parts = bytearray()
            raise HeadTooLarge(f"a head of {size} bytes, more than {most_bytes}")
        if flags & FLAG_MORE:
            self.parts += payload
            return None
        if not self.parts:
            return payload
        whole = bytes(self.parts) + payload
        self.parts = bytearray()
        return whole

    def consumed(self, n: int, now: float | None) -> int:
        """Our user has read n body bytes; returns the credit to grant now, or 0."""
        grant = self.window.consumed(n, now)
        return 0 if self.unwanted or self.theirs in OVER else grant
