"""whole-path: nginx → agent → link → Python visitor, beside one raw aiortc channel.

The ratio of the two rates is what HTTP, framing and credit cost together.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import tempfile
from pathlib import Path

from bench.nginx import nginx
from bench.processes import Child, cpu_s
from bench.report import Report, ratios, spread
from bench.stack import free_port, stack

MB = 1_000_000


async def run(report: Report, args: argparse.Namespace) -> None:
    runs, megabytes = args.runs, args.mb
    with tempfile.TemporaryDirectory(prefix="p2claw-bench-") as name:
        folder = Path(name)
        (folder / "www").mkdir()
        with (folder / "www" / "file").open("wb") as file:
            for _ in range(megabytes):
                file.write(os.urandom(MB))
        async with contextlib.AsyncExitStack() as ends:
            port = await ends.enter_async_context(nginx(folder))
            whole = await ends.enter_async_context(
                stack(
                    folder,
                    app="bench",
                    upstream=f"http://127.0.0.1:{port}",
                    edge_port=free_port(),
                )
            )
            visitor = await Child.start("bench.visitor_child", whole.url, whole.edge)
            ends.push_async_callback(visitor.end)
            await visitor.hear()
            sender, receiver = await _raw_pair(ends)
            ours, raw = [], []
            for number in range(runs):
                raw.append(await _raw_run(sender, receiver, megabytes))
                report.line(bench="whole-path", side="raw-aiortc", run=number, **raw[-1])
                ours.append(await _whole_run(visitor, whole.agent_pid, megabytes))
                report.line(bench="whole-path", side="p2claw", run=number, **ours[-1])
    report.line(
        summary=True,
        bench="whole-path",
        vs="raw-aiortc",
        runs=runs,
        megabytes=megabytes,
        rate_ratio=ratios([r["mb_per_s"] for r in ours], [r["mb_per_s"] for r in raw]),
        mb_per_s=spread([r["mb_per_s"] for r in ours]),
        raw_mb_per_s=spread([r["mb_per_s"] for r in raw]),
        sender_cpu_s_per_gb=spread([r["sender_cpu_s_per_gb"] for r in ours]),
        raw_sender_cpu_s_per_gb=spread([r["sender_cpu_s_per_gb"] for r in raw]),
    )


async def _whole_run(visitor: Child, agent_pid: int, megabytes: int) -> dict[str, float]:
    before_s = cpu_s(agent_pid), cpu_s(visitor.pid)
    answer = await visitor.ask({"path": "/file"}, timeout_s=20 + megabytes)
    if answer["status"] != 200 or answer["bytes"] != megabytes * MB:
        raise RuntimeError(f"the visitor got {answer}")
    after_s = cpu_s(agent_pid), cpu_s(visitor.pid)
    return _figures(megabytes, answer["seconds"], before_s, after_s)


async def _raw_pair(ends: contextlib.AsyncExitStack) -> tuple[Child, Child]:
    sender = await Child.start("bench.raw_channel", "send")
    ends.push_async_callback(sender.end)
    receiver = await Child.start("bench.raw_channel", "receive")
    ends.push_async_callback(receiver.end)
    sender.tell(await receiver.ask(await sender.hear()))
    await sender.hear()
    await receiver.hear()
    return sender, receiver


async def _raw_run(sender: Child, receiver: Child, megabytes: int) -> dict[str, float]:
    before_s = cpu_s(sender.pid), cpu_s(receiver.pid)
    await receiver.ask({"bytes": megabytes * MB})
    sender.tell({"bytes": megabytes * MB})
    answer = await receiver.hear(timeout_s=20 + megabytes)
    await sender.hear()
    after_s = cpu_s(sender.pid), cpu_s(receiver.pid)
    return _figures(megabytes, answer["seconds"], before_s, after_s)


def _figures(
    megabytes: int,
    seconds: float,
    before_s: tuple[float, float],
    after_s: tuple[float, float],
) -> dict[str, float]:
    gigabytes = megabytes / 1000
    return {
        "mb_per_s": round(megabytes / seconds, 2),
        "sender_cpu_s_per_gb": round((after_s[0] - before_s[0]) / gigabytes, 2),
        "receiver_cpu_s_per_gb": round((after_s[1] - before_s[1]) / gigabytes, 2),
    }
