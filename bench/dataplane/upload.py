"""upload: a p2claw visitor sends a body to an agent, beside aiortc receiving on a bare channel.

The agent has the more to do: framing, credit, and an HTTP request to an upstream on top.
"""

from __future__ import annotations

from functools import partial

from bench.dataplane.interleaved import Contender, interleaved
from bench.dataplane.summary import Compared
from bench.pair import pair
from bench.path import bench_folder, whole_path
from bench.report import Report
from bench.sink import sink

CASE = "upload"
COMPARED = Compared(
    CASE,
    receiver="agent",
    vs="aiortc",
    compares="CPU of the agent that takes a POST of a Python visitor and streams it to its"
    " upstream, beside CPU of an aiortc process that takes messages of an aiortc sender and drops"
    " them",
)


async def run(report: Report, *, runs: int, megabytes: int) -> None:
    with bench_folder() as folder:
        async with (
            sink() as upstream,
            whole_path(folder, "p2claw", upstream) as ours,
            pair("aiortc-aiortc") as stock,
        ):
            contenders = [
                Contender("p2claw", "agent", partial(ours.upload, "/", megabytes)),
                Contender("aiortc", "aiortc", partial(stock.transfer, megabytes)),
            ]
            done = await interleaved(report, CASE, runs, contenders)
    COMPARED.summarize_transfers(report, done["p2claw"], done["aiortc"], cpu_of="receiver")
