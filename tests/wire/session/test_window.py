"""The credit that we grant."""

from __future__ import annotations

import pytest

from p2claw.errors import LocalProtocolError
from p2claw.wire.frames.codes import Code
from p2claw.wire.frames.faults import CreditFault
from p2claw.wire.session.window import ReceiveWindow


def _window(received: int = 400) -> ReceiveWindow:
    window = ReceiveWindow(400)
    window.received(received)
    return window


def test_the_whole_window_may_come() -> None:
    assert _window(400).credit == 0


def test_one_byte_more_is_a_flow_control_fault() -> None:
    with pytest.raises(CreditFault) as fault:
        _window(401)
    assert fault.value.wire_code is Code.FLOW_CONTROL


def test_nothing_is_granted_below_a_quarter() -> None:
    assert _window().consumed(99) == 0


def test_a_quarter_is_granted_with_all_that_was_read() -> None:
    window = _window()
    window.consumed(99)
    assert window.consumed(51) == 150


def test_a_grant_is_not_given_twice() -> None:
    window = _window()
    window.consumed(100)
    assert window.consumed(99) == 0


def test_what_is_granted_may_come_again() -> None:
    window = _window()
    window.received(window.consumed(100))
    assert window.credit == 0


@pytest.mark.parametrize("n", [101, -1])
def test_what_has_not_come_cannot_be_read(n: int) -> None:
    with pytest.raises(LocalProtocolError) as refused:
        _window(100).consumed(n)
    assert refused.value.code == "consumed-too-much"
