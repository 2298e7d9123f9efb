"""whole-path: nginx → agent → link → Python visitor, on our data plane and on plain aiortc."""

from __future__ import annotations

from functools import partial

from bench.dataplane.interleaved import Contender, interleaved
from bench.dataplane.summary import Compared
from bench.path import both_paths
from bench.report import Report

CASE = "whole-path"
COMPARED = Compared(
    CASE,
    receiver="visitor",
    vs="aiortc",
    compares="CPU of the agent that streams a file of nginx to a Python visitor, beside the same"
    " agent and visitor with plain aiortc under their session",
)


async def run(report: Report, *, runs: int, megabytes: int) -> None:
    async with both_paths({"file": megabytes}) as paths:
        contenders = [
            Contender(plane, "visitor", partial(path.download, "/file", megabytes))
            for plane, path in paths.items()
        ]
        done = await interleaved(report, CASE, runs, contenders)
    COMPARED.summarize_transfers(report, done["p2claw"], done["aiortc"], cpu_of="sender")
