"""Where the processor time of a server goes while it serves one case."""

from __future__ import annotations

import shutil

from bench.profile.parts import shares
from bench.profile.perf import sampled
from bench.serve.cases import Case
from bench.serve.server import Server
from p2claw.errors import UsageError

PER_S = 1_999


async def profiled(server: Server, case: Case) -> dict[str, float]:
    """Percent of the processor time of one more run, the largest part first.

    Raises UsageError `bench-program-missing`, `perf-refused`.
    """
    perf = shutil.which("perf")
    if perf is None:
        raise UsageError(
            "perf is not installed",
            code="bench-program-missing",
            hint="On Debian: apt-get install linux-perf; or leave --profile out",
        )
    async with sampled(perf, server.pids, per_s=PER_S) as found:
        await server.load(case, case.requests)
    return shares(frames for _, frames in found)
