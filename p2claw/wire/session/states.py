"""The two state machines of the wire: of a session, and of each direction of a stream.

A stream has two directions, "ours" and "theirs". The rules for both are the same (docs/WIRE.md §4):
a head, in one part or several; then body data; then an END, or trailers that imply it. So there is
one enum, `Half`, and one table, `TRANSITIONS`, and a stream has two values of this enum that move
independently. The table is used in two ways. A frame that arrives is a step of their half; what our
own side sends is a step of ours. In both cases a pair that is not in the table is illegal. If the
other side did it, the session fails; if our own code did it, it gets a LocalProtocolError. Whether
something is allowed is therefore never asked by an `if`: it is in the table, or it is not.

The table leaves out two things about a stream. The first is whether anybody still wants its
request: a box that has responded without reading all of it still has to follow the frames, because
their order is checked and their bytes use up credit, but drops what is in them. That is the flag
`Stream.unwanted`, and it changes no transition. The second is RESET, which ends both directions at
once from any state: the stream is then removed from the table of open streams.
"""

from __future__ import annotations

from enum import Enum, IntEnum, auto
from types import MappingProxyType

from p2claw.wire.frames.codes import FLAG_END, FLAG_MORE, FrameType


class Half(IntEnum):
    """How far one direction of a stream has come."""

    AWAIT = auto()  # nothing yet: its head is next
    HEAD = auto()  # between the parts of its head
    BODY = auto()
    TRAILERS = auto()  # between the parts of its trailers
    ENDED = auto()  # of theirs: END has come. Of ours: END is queued
    GONE = auto()  # of ours only: END has been handed out


class Step(IntEnum):
    """What may happen to a direction."""

    HEAD_PART = auto()
    HEAD = auto()
    HEAD_END = auto()
    DATA = auto()
    DATA_END = auto()
    TRAILERS_PART = auto()
    TRAILERS = auto()
    HANDED_OUT = auto()  # of ours only: the scheduler has handed out the last frame


TRANSITIONS = MappingProxyType(
    {
        (Half.AWAIT, Step.HEAD_PART): Half.HEAD,
        (Half.AWAIT, Step.HEAD): Half.BODY,
        (Half.AWAIT, Step.HEAD_END): Half.ENDED,
        (Half.HEAD, Step.HEAD_PART): Half.HEAD,
        (Half.HEAD, Step.HEAD): Half.BODY,
        (Half.HEAD, Step.HEAD_END): Half.ENDED,
        (Half.BODY, Step.DATA): Half.BODY,
        (Half.BODY, Step.DATA_END): Half.ENDED,
        (Half.BODY, Step.TRAILERS_PART): Half.TRAILERS,
        (Half.BODY, Step.TRAILERS): Half.ENDED,
        (Half.TRAILERS, Step.TRAILERS_PART): Half.TRAILERS,
        (Half.TRAILERS, Step.TRAILERS): Half.ENDED,
        (Half.ENDED, Step.HANDED_OUT): Half.GONE,
    }
)

OVER = frozenset({Half.ENDED, Half.GONE})


def step_of(type: FrameType, flags: int) -> Step:
    """Which step a frame is for its sender's direction.

    END counts on the last part of a head only. TRAILERS imply it, so there it is not looked at.
    """
    if type is FrameType.DATA:
        return Step.DATA_END if flags & FLAG_END else Step.DATA
    if type is FrameType.TRAILERS:
        return Step.TRAILERS_PART if flags & FLAG_MORE else Step.TRAILERS
    if flags & FLAG_MORE:
        return Step.HEAD_PART
    return Step.HEAD_END if flags & FLAG_END else Step.HEAD


class State(Enum):
    """How far a session has come."""

    RUNNING = auto()
    DRAINING = auto()  # either side has sent GOAWAY: no new streams, open ones go on
    FAILED = auto()


class Cause(Enum):
    """What moves a session on."""

    GOAWAY = auto()
    FAULT = auto()


# FAILED is the end: nothing leads out of it, and a second fault there is not looked at.
SESSION_TRANSITIONS = MappingProxyType(
    {
        (State.RUNNING, Cause.GOAWAY): State.DRAINING,
        (State.DRAINING, Cause.GOAWAY): State.DRAINING,
        (State.RUNNING, Cause.FAULT): State.FAILED,
        (State.DRAINING, Cause.FAULT): State.FAILED,
    }
)
