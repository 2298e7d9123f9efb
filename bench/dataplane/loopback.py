"""loopback: bare channels into a wrtc receiver, sent by p2claw, by aiortc on uvloop, and by wrtc.

Each transfer has processes and a link of its own, warmed up before it is measured.
"""

from __future__ import annotations

from functools import partial

from bench.dataplane.interleaved import Contender, interleaved
from bench.dataplane.summary import Compared
from bench.figures import Figures
from bench.pair import need_wrtc, pair
from bench.report import Report

CASE = "loopback"
RECEIVER = "wrtc"
PEERS = ("aiortc", "wrtc")
COMPARES = "CPU of the process that sends on a bare channel, until the last byte is received"


async def run(report: Report, *, runs: int, megabytes: int) -> None:
    need_wrtc()
    senders = ("p2claw", *PEERS)
    done = await interleaved(
        report,
        CASE,
        runs,
        [Contender(name, RECEIVER, partial(_transfer, name, megabytes)) for name in senders],
    )
    for peer in PEERS:
        Compared(CASE, RECEIVER, peer, COMPARES).summarize_transfers(
            report, done["p2claw"], done[peer], cpu_of="sender"
        )


async def _transfer(sender: str, megabytes: int) -> Figures:
    async with pair(sender) as joined:
        return await joined.transfer(megabytes)
