"""The life of a session as a whole: an enum and its transition table."""

from __future__ import annotations

from enum import Enum, auto


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
TRANSITIONS = {
    (State.RUNNING, Cause.GOAWAY): State.DRAINING,
    (State.DRAINING, Cause.GOAWAY): State.DRAINING,
    (State.RUNNING, Cause.FAULT): State.FAILED,
    (State.DRAINING, Cause.FAULT): State.FAILED,
}
