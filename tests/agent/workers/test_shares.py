"""What each worker gets of the limits."""

from __future__ import annotations

import pytest

from p2claw.agent.workers.shares import share_of
from p2claw.config import AgentLimits, SpoolLimits, UpstreamLimits
from p2claw.units import GIB


@pytest.mark.parametrize("workers", [1, 2, 3, 64])
def test_the_shares_together_are_the_whole(workers: int) -> None:
    whole = AgentLimits()
    share = share_of(whole, workers)
    for name in ("connections", "waiting", "idle_connections"):
        wanted = getattr(whole.upstream, name)
        assert wanted <= getattr(share.upstream, name) * workers < wanted + workers
    for name in ("sockets", "kept", "unread_bytes"):
        assert (
            getattr(whole, name) <= getattr(share, name) * workers < getattr(whole, name) + workers
        )
    assert share.spool.total_bytes * workers <= whole.spool.total_bytes


def test_a_worker_has_one_of_everything_at_least() -> None:
    limits = AgentLimits(upstream=UpstreamLimits(connections=1, waiting=1, idle_connections=1))
    share = share_of(limits, 64).upstream
    assert (share.connections, share.waiting, share.idle_connections) == (1, 1, 1)


def test_one_body_fits_into_the_room_of_its_worker() -> None:
    limits = AgentLimits(spool=SpoolLimits(request_bytes=2 * GIB, total_bytes=4 * GIB))
    assert share_of(limits, 2).spool.request_bytes == 2 * GIB
    assert share_of(limits, 4).spool.request_bytes == GIB


def test_what_the_agent_itself_counts_is_not_shared() -> None:
    whole = AgentLimits()
    share = share_of(whole, 8)
    assert share.links == whole.links
    assert (share.drain_s, share.upstream.head_s) == (whole.drain_s, whole.upstream.head_s)


def test_one_worker_has_it_all() -> None:
    assert share_of(AgentLimits(), 1) == AgentLimits()
