"""The state of one direction of a stream: an enum and one transition table, used both ways.

A pair that is absent from the table is illegal: a session fault where the remote did it, a
LocalProtocolError where we did. Source: docs/WIRE.md §4.
"""

from __future__ import annotations

from enum import Enum, IntEnum, auto
from types import MappingProxyType

from p2claw.wire.frames.codes import FLAG_END, FLAG_MORE, FrameType


class Half(IntEnum):
    """How far one side has come with a stream."""

    AWAIT = auto()  # nothing yet: its head is next
    HEAD = auto()  # between the parts of its head
    BODY = auto()
    TRAILERS = auto()  # between the parts of its trailers
    ENDED = auto()  # END has come; of ours: it is queued
    GONE = auto()  # of ours only: END has been handed out
    UNWANTED_HEAD = auto()  # as HEAD, BODY, TRAILERS, but dropped: nobody reads it any more
    UNWANTED_BODY = auto()
    UNWANTED_TRAILERS = auto()


class Step(IntEnum):
    """What may happen to a direction."""

    HEAD_PART = auto()
    HEAD = auto()
    HEAD_END = auto()
    DATA = auto()
    DATA_END = auto()
    TRAILERS_PART = auto()
    TRAILERS = auto()
    HANDED_OUT = auto()  # of ours: the last frame has left
    GIVE_UP = auto()  # of theirs: what still comes is to be dropped


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
        (Half.ENDED, Step.GIVE_UP): Half.ENDED,
        (Half.HEAD, Step.GIVE_UP): Half.UNWANTED_HEAD,
        (Half.BODY, Step.GIVE_UP): Half.UNWANTED_BODY,
        (Half.TRAILERS, Step.GIVE_UP): Half.UNWANTED_TRAILERS,
        (Half.UNWANTED_HEAD, Step.GIVE_UP): Half.UNWANTED_HEAD,
        (Half.UNWANTED_BODY, Step.GIVE_UP): Half.UNWANTED_BODY,
        (Half.UNWANTED_TRAILERS, Step.GIVE_UP): Half.UNWANTED_TRAILERS,
        (Half.UNWANTED_HEAD, Step.HEAD_PART): Half.UNWANTED_HEAD,
        (Half.UNWANTED_HEAD, Step.HEAD): Half.UNWANTED_BODY,
        (Half.UNWANTED_HEAD, Step.HEAD_END): Half.ENDED,
        (Half.UNWANTED_BODY, Step.DATA): Half.UNWANTED_BODY,
        (Half.UNWANTED_BODY, Step.DATA_END): Half.ENDED,
        (Half.UNWANTED_BODY, Step.TRAILERS_PART): Half.UNWANTED_TRAILERS,
        (Half.UNWANTED_BODY, Step.TRAILERS): Half.ENDED,
        (Half.UNWANTED_TRAILERS, Step.TRAILERS_PART): Half.UNWANTED_TRAILERS,
        (Half.UNWANTED_TRAILERS, Step.TRAILERS): Half.ENDED,
    }
)

UNWANTED = frozenset({Half.UNWANTED_HEAD, Half.UNWANTED_BODY, Half.UNWANTED_TRAILERS})
OVER = frozenset({Half.ENDED, Half.GONE})
IN_HEAD = frozenset({Half.HEAD, Half.UNWANTED_HEAD})


def step_of(type: FrameType, flags: int) -> Step:
    """What a frame of a stream does to its sender's direction.

    END counts on the last part of a head only, and not at all on TRAILERS, which imply it.
    """
    if type is FrameType.DATA:
        return Step.DATA_END if flags & FLAG_END else Step.DATA
    if type is FrameType.TRAILERS:
        return Step.TRAILERS_PART if flags & FLAG_MORE else Step.TRAILERS
    if flags & FLAG_MORE:
        return Step.HEAD_PART
    return Step.HEAD_END if flags & FLAG_END else Step.HEAD


class State(Enum):
    """The life of a session."""

    RUNNING = auto()
    DRAINING = auto()  # either side has sent GOAWAY: no new streams, open ones go on
    FAILED = auto()


class Cause(Enum):
    """What moves it on."""

    GOAWAY = auto()
    FAULT = auto()


# FAILED is the end: nothing leads out of it, and a second fault there is not looked at.
SESSION_TRANSITIONS = {
    (State.RUNNING, Cause.GOAWAY): State.DRAINING,
    (State.DRAINING, Cause.GOAWAY): State.DRAINING,
    (State.RUNNING, Cause.FAULT): State.FAILED,
    (State.DRAINING, Cause.FAULT): State.FAILED,
}
