"""p2claw.coord.nodes.standing: what a node without its lease may do."""

from __future__ import annotations

import pytest

from p2claw.coord.bus.members import APART_S, DRAIN_S, UNSURE_S
from p2claw.coord.nodes.standing import DECLARED_S, NodeStanding, Standing

MEMBER, UNSURE, ALONE, CUT_OFF = Standing


@pytest.fixture
def node() -> NodeStanding:
    """It had its lease at 100 s for the last time."""
    made = NodeStanding(0.0)
    made.has_lease(100.0)
    return made


def test_a_node_with_its_lease_takes_boxes_that_the_others_see(node: NodeStanding) -> None:
    assert (node.standing, node.accepts, node.is_alone) == (MEMBER, True, False)


def test_a_node_that_others_call_lost_has_to_let_its_boxes_go(node: NodeStanding) -> None:
    node.read(True, 101.0)
    assert node.standing is CUT_OFF
    assert not node.accepts


def test_if_nobody_has_the_bus_each_node_goes_on_alone(node: NodeStanding) -> None:
    node.read(False, 100.0 + DECLARED_S - 0.1)
    assert node.standing is UNSURE, "the others may be about to call it lost"
    assert not node.accepts
    node.read(False, 100.0 + DECLARED_S)
    assert node.standing is ALONE
    assert node.accepts and node.is_alone
    node.read(True, 500.0)
    assert node.standing is CUT_OFF, "the others have the bus again"


def test_a_node_that_can_ask_nobody_lets_its_boxes_go_while_others_still_wait(
    node: NodeStanding,
) -> None:
    node.unread(101.0)
    assert node.standing is UNSURE
    node.read(False, 120.0)
    node.unread(120.0 + UNSURE_S - 0.1)
    assert node.standing is ALONE
    node.unread(120.0 + UNSURE_S)
    assert node.standing is CUT_OFF
    assert UNSURE_S + DRAIN_S < APART_S


def test_only_its_lease_brings_it_back(node: NodeStanding) -> None:
    node.read(True, 101.0)
    node.read(False, 1_000.0)
    node.unread(1_001.0)
    assert node.standing is CUT_OFF
    node.has_lease(1_002.0)
    assert node.standing is MEMBER
