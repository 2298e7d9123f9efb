"""The extension `wide`: windows towards a box that grow as those towards a visitor."""

from __future__ import annotations

from p2claw.wire.frames.hello import EXTENSIONS, WIDE, Role
from p2claw.wire.frames.limits import DEFAULT_LIMITS
from p2claw.wire.session.session import Session

READ_AT_ONCE = 65_536


def largest_window(extensions: tuple[str, ...]) -> int:
    """What the window of a stream grows to that is read as fast as it comes."""
    visitor = Session(Role.VISITOR, app="dog", extensions=extensions)
    box = Session(Role.BOX)
    box.receive(visitor.to_send(0.0) or b"", 0.0)
    window = box._side.window()
    for step in range(400):
        window.received(READ_AT_ONCE)
        window.consumed(READ_AT_ONCE, step / 1000)
    return window.size


def test_a_window_of_a_box_grows_to_that_of_a_visitor() -> None:
    assert largest_window(EXTENSIONS) == DEFAULT_LIMITS.visitor_window_most


def test_without_it_the_window_stays_what_a_reno_can_take() -> None:
    others = tuple(name for name in EXTENSIONS if name != WIDE)
    assert largest_window(others) == DEFAULT_LIMITS.box_window_most
