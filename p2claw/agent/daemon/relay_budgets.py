"""What may go through relays, and what is left of it, as JSON for the local API.

Two limit it: the owner of the box, whose limits the agent keeps, and the operator of the
coordinator, who counts at the relays.
"""

from __future__ import annotations

from typing import Any

from p2claw.config import AgentLimits
from p2claw.wire.signalling import Relayed

Json = dict[str, Any]


def own_limits(limits: AgentLimits, relayed_today: int) -> Json:
    """Those of the owner. relayed_today: bytes that the agent has seen. null: any number."""
    day = _budget(relayed_today, limits.relayed_bytes_per_day or None)
    return {
        "visit_bytes": limits.relayed_bytes_per_visit or None,
        "day_bytes": day["limit_bytes"],
        "day_used_bytes": day["used_bytes"],
        "day_remaining_bytes": day["remaining_bytes"],
    }


def operators_budget(relayed: Relayed | None) -> Json | None:
    """That of the operator; null: the coordinator counts nothing, or has not said yet."""
    if relayed is None:
        return None
    month = _budget(relayed.month_bytes, relayed.month_limit)
    day = _budget(relayed.day_bytes, relayed.day_limit)
    return {
        "month": month,
        "day": day,
        "used_up": 0 in (month["remaining_bytes"], day["remaining_bytes"]),
    }


def _budget(used: int, limit: int | None) -> Json:
    remaining = None if limit is None else max(0, limit - used)
    return {"used_bytes": used, "limit_bytes": limit, "remaining_bytes": remaining}
