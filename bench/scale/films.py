"""films: an evening at which everybody watches a film, each over a line of its own; as root.

The agent and nginx with TLS take turns, with the same server of files behind them, over the same
lines. The processor seconds of the agent and of that nginx alone are compared.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.path import bench_folder, files_of_nginx
from bench.processes import Child, cpu_s
from bench.report import Report, ratios, spread
from bench.scale.downloads import jain
from bench.scale.plan import PLANES, Plan
from bench.wan.network import SENDER_ADDRESS, Direction, network
from tests.e2e.stack import stack
from tests.lab.host import host
from tests.support.certificates import write_certificate
from tests.support.nginx import nginx

VISITORS = 20
SECONDS = 40.0
# 16 Mbit/s, 30 ms there and back, 0.1 %, a queue of 60 ms: a line at home. port_offset: of the
# visitor's port, which is the destination there and the source of what goes back.
THERE = Direction(16, 15, 120_000, 0.1, port_offset=2)
BACK = Direction(16, 15, 120_000, port_offset=0)
FILM_BYTES = 200_000_000
PEER_PORT = 8443
_TLS = """
listen 0.0.0.0:{port} ssl http2;
ssl_certificate {folder}/cert.pem;
ssl_certificate_key {folder}/key.pem;
location /film {{ proxy_pass {upstream}; proxy_http_version 1.1; proxy_set_header Connection ""; }}
"""


@dataclass(frozen=True, slots=True)
class Side:
    """One that serves the film: whose processor seconds count, and who watches."""

    pid: int
    audience: Child


async def run(report: Report, plan: Plan) -> None:
    """Both sides take turns."""
    done: dict[str, list[dict[str, Any]]] = {"p2claw": [], "nginx": []}
    async with _sides(plan.plane) as sides:
        for number in range(plan.runs):
            for name, side in sides.items():
                report.progress("films", number, plan.runs, f"{plan.visitors} visitors, {name}")
                done[name].append(await _once(side, plan.visitors, plan.seconds))
                report.line(bench="scale", case="films", run=number, side=name, **done[name][-1])
    ours, theirs = (
        {fact: [one[fact] for one in done[name]] for fact in done[name][0]}
        for name in ("p2claw", "nginx")
    )
    report.line(
        summary=True,
        bench="scale",
        case="films",
        plane=plan.plane,
        visitors=plan.visitors,
        runs=plan.runs,
        vs="nginx with TLS",
        cpu_ratio=ratios(ours["cpu_s_per_gb"], theirs["cpu_s_per_gb"]),
        cpu_s_per_gb=spread(ours["cpu_s_per_gb"]),
        vs_cpu_s_per_gb=spread(theirs["cpu_s_per_gb"]),
        cpu_percent=spread(ours["cpu_percent"]),
        stalls=spread(ours["stalls"]),
        vs_stalls=spread(theirs["stalls"]),
    )


async def _once(side: Side, visitors: int, seconds: float) -> dict[str, Any]:
    await side.audience.ask({"do": "open", "visitors": visitors}, timeout_s=120)
    before_s = cpu_s(side.pid)
    watched = await side.audience.ask({"do": "watch", "seconds": seconds}, timeout_s=seconds + 60)
    used_s = cpu_s(side.pid) - before_s
    await side.audience.ask({"do": "close"}, timeout_s=60)
    got = [one["got_bytes"] for one in watched]
    first = sorted(one["first_s"] for one in watched)
    return {
        "visitors": visitors,
        "mb": round(sum(got) / 1e6, 1),
        "cpu_s_per_gb": round(used_s / (sum(got) / 1e9), 2),
        "cpu_percent": round(100 * used_s / seconds, 1),
        "stalls": sum(one["stalls"] for one in watched),
        "stalled": sum(one["stalls"] > 0 for one in watched),
        "first_ms": round(1000 * first[len(first) // 2]),
        "first_worst_ms": round(1000 * first[-1]),
        "jain": round(jain(got), 4),
    }


@contextlib.asynccontextmanager
async def _sides(plane: str) -> AsyncIterator[dict[str, Side]]:
    """Both in one network, whose lines are between them and all who watch."""
    async with contextlib.AsyncExitStack() as ends:
        folder = ends.enter_context(bench_folder())
        (folder / "www").mkdir()
        (folder / "www" / "film").write_bytes(bytes(FILM_BYTES))
        joined = await ends.enter_async_context(network(THERE, BACK, seed=1))
        here = await ends.enter_async_context(host(joined.sender, SENDER_ADDRESS))
        upstream = await ends.enter_async_context(here.hold(files_of_nginx(folder)))
        whole = await ends.enter_async_context(
            here.hold(stack(folder, program=PLANES[plane], listens_at="0.0.0.0"))
        )
        app = await here.run(whole.expose("bench", upstream))
        peer = await _peer(ends, here, folder / "peer", upstream)
        within = joined.inside(joined.receiver)
        edge = f"http://{SENDER_ADDRESS}:{whole.port}"
        visits = {
            "p2claw": (whole.agent_pid, (app.url, edge)),
            "nginx": (peer, (f"https://{SENDER_ADDRESS}:{PEER_PORT}",)),
        }
        sides = {}
        for name, (pid, arguments) in visits.items():
            child = await Child.start("bench.scale.audience", *arguments, within=within)
            ends.push_async_callback(child.end)
            sides[name] = Side(pid, child)
        yield sides


async def _peer(ends: contextlib.AsyncExitStack, here: Any, folder: Path, upstream: str) -> int:
    folder.mkdir()
    write_certificate(folder, "films")
    locations = _TLS.format(port=PEER_PORT, folder=folder, upstream=upstream)
    await ends.enter_async_context(
        here.hold(nginx(folder, requests_a_connection=1_000_000, locations=locations))
    )
    return int((folder / "pid").read_text())
