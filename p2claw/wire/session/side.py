"""One side of a session, as its parts see it: what it allows, where its frames and events go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from p2claw.errors import LinkError
from p2claw.wire.frames.codec import Codec
from p2claw.wire.frames.codes import Code, FrameType
from p2claw.wire.frames.hello import Role
from p2claw.wire.frames.limits import GROWN_WINDOWS, Limits
from p2claw.wire.frames.payloads import reset_payload
from p2claw.wire.session.counters import Counters
from p2claw.wire.session.events import Event
from p2claw.wire.session.room import Room
from p2claw.wire.session.states import SESSION_TRANSITIONS, Cause, State
from p2claw.wire.session.window import ReceiveWindow

if TYPE_CHECKING:
    from p2claw._pyframe import Scheduler


class Side:
    """What all streams of one side have in common.

    window_bytes: the credit with which every stream begins, in the direction towards us.
    room: what the windows of its streams may grow by.
    state: how far the session has come.
    scheduler: holds the frames that are to be sent, and decides which goes next.
    events: what the user of the session has not read yet. A list, because most sessions are idle
    most of the time, and an empty deque takes 760 bytes.
    """

    __slots__ = (
        "_codec",
        "_most_bytes",
        "counters",
        "emit",
        "events",
        "limits",
        "role",
        "room",
        "scheduler",
        "state",
        "window_bytes",
    )

    def __init__(
        self,
        role: Role,
        limits: Limits,
        codec: Codec,
        counters: Counters,
        room: Room | None = None,
    ) -> None:
        self.role = role
        self.state = State.RUNNING
        self.counters = counters
        self.limits = limits
        self.window_bytes = (
            limits.box_window_bytes if role is Role.BOX else limits.visitor_window_bytes
        )
        self._most_bytes = (
            limits.box_window_most if role is Role.BOX else limits.visitor_window_most
        )
        self.room = Room(GROWN_WINDOWS * self._most_bytes, room)
        self.scheduler: Scheduler = codec.scheduler(limits.high_water_bytes, limits.low_water_bytes)
        self.events: list[Event] = []
        self.emit = self.events.append  # add one event
        self._codec = codec

    def advance(self, cause: Cause) -> None:
        """The session has come further. Nothing may follow its failure."""
        self.state = SESSION_TRANSITIONS[self.state, cause]

    def check_running(self) -> None:
        """Raises LinkError if the session has failed."""
        if self.state is State.FAILED:
            raise LinkError("the session has failed", hint="Open a new link")

    def widen(self) -> None:
        """The sender does not fill a queue with what it is given: windows grow further, §18."""
        self._most_bytes = self.limits.visitor_window_most
        self.room.widen(GROWN_WINDOWS * self._most_bytes)

    def window(self) -> ReceiveWindow:
        """The receive window of a new stream."""
        return ReceiveWindow(self.window_bytes, self._most_bytes, self.room)

    def send_control(
        self, type: FrameType, id: int, payload: bytes, *, flags: int = 0, front: bool = False
    ) -> None:
        """Queue a frame that goes before all heads and bodies. front: before all others, too."""
        self.scheduler.control(self._codec.encode_frame(type, flags, id, payload), front)

    def send_reset(self, id: int, code: Code, reason: str) -> None:
        """Queue the RESET of a stream."""
        self.send_control(FrameType.RESET, id, reset_payload(code, reason))
