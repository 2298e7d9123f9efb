"""Who offers, and who is which in DTLS, in all four ways."""

from __future__ import annotations

import pytest

from tests.dataplane.packets import chunks_of
from tests.interop.link import SIDES, Side, connected
from tests.interop.stacks import Role, Stack, need
from tests.interop.test_messages import check_messages
from tests.peers.remote import Remote

INIT = 1


@pytest.mark.parametrize(
    ("offerer", "our_role"),
    [
        ("theirs", "client"),
        ("theirs", "server"),
        ("ours", "server"),
        pytest.param("ours", "client", marks=pytest.mark.needs("passive")),
    ],
)
async def test_a_link_opens_and_carries_both_ways(
    theirs: Remote, stack: Stack, offerer: Side, our_role: Role
) -> None:
    async with connected(theirs, stack, offerer=offerer, our_role=our_role) as link:
        assert link.ours.role == our_role
        if "parity" not in stack.lacks or offerer == "ours":
            # RFC 8832 §6: even numbers are the DTLS client's.
            ours_is_even = our_role == "client"
            assert link.first.stream % 2 == (ours_is_even != (offerer == "ours"))
        for side in SIDES:
            await check_messages(link.first, side, [("binary", 3000, 1), ("text", 1, 2)])


@pytest.mark.parametrize("sender", SIDES)
async def test_a_link_opens_by_the_init_of_one_side(
    theirs: Remote, stack: Stack, sender: Side
) -> None:
    if sender == "ours":
        need(stack, "init")
    lost = "in" if sender == "ours" else "out"

    def passes(way: str, packet: bytes) -> bool:
        return way != lost or all(kind != INIT for kind, _, _ in chunks_of(packet))

    async with connected(theirs, stack, passes=passes) as link:
        for side in SIDES:
            await check_messages(link.first, side, [("binary", 3000, 1)])
