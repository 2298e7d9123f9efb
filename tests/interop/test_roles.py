"""Who offers, and who is which in DTLS, in all four ways."""

from __future__ import annotations

import pytest

from tests.interop.link import SIDES, Side, connected
from tests.interop.stacks import Role, Stack
from tests.interop.test_messages import check_messages
from tests.peers.remote import Remote


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
