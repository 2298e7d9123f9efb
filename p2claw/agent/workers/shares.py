"""What each worker gets of the limits of a whole agent."""

from __future__ import annotations

from dataclasses import replace

from p2claw.config import AgentLimits


def share_of(limits: AgentLimits, workers: int) -> AgentLimits:
    """Of what is counted where it is used, an equal part, at least one.

    Links are counted by the agent itself, whose limits are the same for all. A request body of
    unknown length can be as large as the room of its worker at most.
    """
    upstream, spool = limits.upstream, limits.spool
    total_bytes = spool.total_bytes // workers
    return replace(
        limits,
        sockets=_part(limits.sockets, workers),
        upstream=replace(
            upstream,
            connections=_part(upstream.connections, workers),
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
    """Rounded up: of three connections two workers have two each."""
    return -(-whole // workers)
