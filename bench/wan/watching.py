"""What is looked at while a visitor transfers: what keeps the agent's end from sending more, and by
how much both sides' memory grows.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench.wan.visiting import Stage

MB = 1_000_000
SAMPLE_S = 0.1


async def watch(
    stage: Stage, memory: Callable[[], int], seconds: float, *, is_sender: bool
) -> dict[str, Any]:
    """By how much the memory of both sides grew. is_sender: and what the agent's end of the link
    was limited by, in percent of the looks at it."""
    loop = asyncio.get_running_loop()
    ends, agent = loop.time() + seconds, [stage.stack.agent_pid]
    before = memory(), rss_bytes(agent)
    grown = [0, 0]
    limits: Counter[str] = Counter()
    plane: dict[str, Any] = {}
    while loop.time() < ends:
        await asyncio.sleep(min(SAMPLE_S, max(0.0, ends - loop.time())))
        for side, bytes_now in enumerate((memory(), rss_bytes(agent))):
            grown[side] = max(grown[side], bytes_now - before[side])
        if is_sender and (plane := await stage.plane()):
            limits[limit(plane)] += 1
    looks = sum(limits.values())
    facts = {
        "visitor_grew_mb": round(grown[0] / MB, 1),
        "agent_grew_mb": round(grown[1] / MB, 1),
    }
    if looks:
        facts |= {f"by_{name}": round(100 * n / looks) for name, n in sorted(limits.items())}
        facts |= {name: plane[name] for name in ("lost_chunks", "timeouts", "packets_in")}
        facts |= {"packets_out": plane["packets_out"], "data_rtt_ms": plane["rtt_ms"]}
    return facts


def limit(plane: dict[str, Any]) -> str:
    """What keeps a sender from sending more now. credit: it has no more to send, because the
    session gives it none: for want of credit, of acknowledged messages, or of the app's bytes."""
    packet = plane["mtu_bytes"]
    if plane["in_flight_bytes"] + packet > plane["cwnd_bytes"]:
        return "cwnd"
    if not plane["waiting_bytes"]:
        return "credit"
    if plane["peer_window_bytes"] < plane["in_flight_bytes"] + packet:
        return "rwnd"
    return "pace"


def rss_bytes(pids: Sequence[int]) -> int:
    """Of all of these that still run. Source: proc_pid_statm(5)."""
    pages = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            pages += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
