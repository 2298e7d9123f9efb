"""The part of an agent's limits that each of its workers gets."""

from __future__ import annotations

from dataclasses import replace

from p2claw.config import AgentLimits


def share_of(limits: AgentLimits, workers: int) -> AgentLimits:
    """The limits of one worker: an equal part of each limit that the workers themselves enforce.

    The limits of links stay as they are, because the agent counts links. A request body of unknown
    length can be at most as large as the space of its worker.
    """
    upstream, spool = limits.upstream, limits.spool
    total_bytes = spool.total_bytes // workers
    return replace(
        limits,
        sockets=_part(limits.sockets, workers),
        unread_bytes=_part(limits.unread_bytes, workers),
        kept=_part(limits.kept, workers),
        relayed_bytes_per_day=_part(limits.relayed_bytes_per_day, workers),
        upstream=replace(
            upstream,
            connections=_part(upstream.connections, workers),
            lasting=_part(upstream.lasting, workers),
            waiting=_part(upstream.waiting, workers),
            idle_connections=_part(upstream.idle_connections, workers),
        ),
        spool=replace(
            spool,
            request_bytes=min(spool.request_bytes, total_bytes),
            total_bytes=total_bytes,
        ),
    )


def _part(whole: int, workers: int) -> int:
    """A part, rounded up: if two workers share three connections, each may have two."""
    return -(-whole // workers)
