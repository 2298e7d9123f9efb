"""One case: every server once a run, again and again, then a summary beside each other one."""

from __future__ import annotations

import time
from collections.abc import Sequence

from bench.report import Report, ratios, spread
from bench.serve.cases import CASES
from bench.serve.profile import profiled
from bench.serve.server import Figures, Server, measured

OURS = "p2claw"


async def measure(
    report: Report, name: str, servers: Sequence[Server], *, runs: int, profile: bool
) -> None:
    """A line a run and server, then one a server. profile: and the parts of its processor time."""
    case = CASES[name]
    done: dict[str, list[Figures]] = {server.name: [] for server in servers}
    for server in servers:
        await server.load(case, case.warm_up)
    for number in range(runs):
        for server in servers:
            report.progress(name, number, runs, server.name)
            figures = await measured(server, case, time.perf_counter)
            done[server.name].append(figures)
            facts = {"server": server.name, "run": number, **figures.facts()}
            report.line(bench="serve", case=name, **facts)
    shares = {server.name: await profiled(server, case) for server in servers if profile}
    ours = [figures.cpu_us for figures in done[OURS]]
    for server in servers:
        figures_of = done[server.name]
        cpu_us = [figures.cpu_us for figures in figures_of]
        report.line(
            summary=True,
            bench="serve",
            case=name,
            server=server.name,
            runs=runs,
            cpu_us=spread(cpu_us),
            cpu_s_per_gb=spread([figures.cpu_s_per_gb for figures in figures_of]),
            p50_ms=spread([figures.p50_ms for figures in figures_of]),
            p99_ms=spread([figures.p99_ms for figures in figures_of]),
            requests_per_s=spread([figures.requests_per_s for figures in figures_of]),
            **({} if server.name == OURS else {"ours_over_it": ratios(ours, cpu_us)}),
            **({"percent_by_part": shares[server.name]} if profile else {}),
        )
