"""Two looks at an agent make rates: what each visitor and app moves per second, and loses."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from p2claw.cli.agent_client import AgentClient

Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Look:
    """What the agent said at one moment. links: by id. usage: of `/v1/usage`."""

    at_s: float
    status: Facts
    links: dict[str, Facts]
    usage: Facts


def look(agent: AgentClient) -> Look:
    """Ask the agent. Raises P2clawError."""
    links = {link["id"]: link for link in agent.ask("GET", "/v1/sessions")["sessions"]}
    usage, status = agent.ask("GET", "/v1/usage"), agent.ask("GET", "/v1/status")
    return Look(time.monotonic(), status, links, usage)


def between(before: Look, now: Look) -> Facts:
    """The facts of now, with rates since the look before; the busiest visitors first."""
    took_s = max(now.at_s - before.at_s, 0.001)
    visitors = [
        _visitor(link, before.links.get(id), took_s if id in before.links else link["age_s"])
        for id, link in now.links.items()
    ]
    visitors.sort(key=lambda one: -(one["in_per_s"] + one["out_per_s"]))
    return {
        "coordinator": now.status["coordinator"]["state"],
        "alias": now.status["alias"],
        "took_s": round(took_s, 3),
        "visitors": visitors,
        "apps": [_app(app, visitors, now.usage) for app in now.status["apps"]],
        **now.usage,
    }


def _visitor(link: Facts, before: Facts | None, took_s: float) -> Facts:
    took_s = max(took_s, 0.001)
    before = before or {"bytes_in": 0, "bytes_out": 0, "plane": {}}
    sent = link["plane"].get("chunks_out", 0) - before["plane"].get("chunks_out", 0)
    lost = link["plane"].get("lost_chunks", 0) - before["plane"].get("lost_chunks", 0)
    kept = ("id", "app", "path", "age_s", "rtt_ms", "streams", "bytes_in", "bytes_out", "software")
    return {
        **{name: link[name] for name in kept},
        "relayed_bytes": link["relayed_in"] + link["relayed_out"],
        "in_per_s": _rate(link["bytes_in"] - before["bytes_in"], took_s),
        "out_per_s": _rate(link["bytes_out"] - before["bytes_out"], took_s),
        # A link that goes on over another path counts its chunks from 0 again.
        "loss": round(min(max(lost, 0) / sent, 1.0), 4) if sent > 0 else None,
    }


def _app(app: Facts, visitors: list[Facts], usage: Facts) -> Facts:
    own = [one for one in visitors if one["app"] == app["app"]]
    neither = {"in": 0, "out": 0}
    nothing = {"visits": 0, "bytes": 0, "direct": neither, "relayed": neither}
    wanted = app["app"], usage["month"]
    month = next((one for one in usage["usage"] if (one["app"], one["month"]) == wanted), nothing)
    return {
        "app": app["app"],
        "visitors": len(own),
        "in_per_s": sum(one["in_per_s"] for one in own),
        "out_per_s": sum(one["out_per_s"] for one in own),
        "month": {name: month[name] for name in nothing},
        "monthly_bytes": usage["limits"].get(app["app"]),
        "used_up": app["app"] in usage["used_up"],
    }


def _rate(count: int, took_s: float) -> int:
    return int(max(count, 0) / took_s)
