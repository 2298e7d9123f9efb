"""The transition table of one direction of a stream."""

from __future__ import annotations

import pytest

from p2claw.wire.frames.codes import FLAG_END, FLAG_MORE, FrameType
from p2claw.wire.session.states import OVER, TRANSITIONS, Half, Step, step_of

FRAMES = [
    Step.HEAD_PART,
    Step.HEAD,
    Step.HEAD_END,
    Step.DATA,
    Step.DATA_END,
    Step.TRAILERS_PART,
    Step.TRAILERS,
]


@pytest.mark.parametrize("half", Half)
def test_every_state_can_be_reached(half: Half) -> None:
    reached = {Half.AWAIT}
    for _ in Half:
        reached |= {after for (before, _), after in TRANSITIONS.items() if before in reached}
    assert half in reached


@pytest.mark.parametrize("half", sorted(OVER))
def test_no_frame_comes_after_the_end(half: Half) -> None:
    assert not [step for step in FRAMES if (half, step) in TRANSITIONS]


@pytest.mark.parametrize("half", [half for half in Half if half not in OVER])
def test_from_every_other_state_the_end_can_be_reached(half: Half) -> None:
    reached = {half}
    for _ in Half:
        steps = [(at, step) for at in reached for step in FRAMES]
        reached |= {TRANSITIONS[pair] for pair in steps if pair in TRANSITIONS}
    assert Half.ENDED in reached


@pytest.mark.parametrize("half", [Half.AWAIT, Half.HEAD, Half.TRAILERS])
def test_data_comes_between_head_and_trailers_only(half: Half) -> None:
    assert (half, Step.DATA) not in TRANSITIONS


@pytest.mark.parametrize(
    ("type", "flags", "step"),
    [
        (FrameType.REQUEST, 0, Step.HEAD),
        (FrameType.REQUEST, FLAG_END, Step.HEAD_END),
        (FrameType.RESPONSE, FLAG_MORE, Step.HEAD_PART),
        (FrameType.RESPONSE, FLAG_MORE | FLAG_END, Step.HEAD_PART),
        (FrameType.DATA, 0, Step.DATA),
        (FrameType.DATA, FLAG_END, Step.DATA_END),
        (FrameType.DATA, FLAG_MORE, Step.DATA),
        (FrameType.TRAILERS, 0, Step.TRAILERS),
        (FrameType.TRAILERS, FLAG_END, Step.TRAILERS),
        (FrameType.TRAILERS, FLAG_MORE, Step.TRAILERS_PART),
        (FrameType.REQUEST, 0xFC, Step.HEAD),
    ],
)
def test_a_frame_is_a_step(type: FrameType, flags: int, step: Step) -> None:
    assert step_of(type, flags) is step
