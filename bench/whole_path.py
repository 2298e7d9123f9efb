"""whole-path: nginx → agent → link → Python visitor, beside one raw aiortc channel.

The ratio of the two rates is what HTTP, framing and credit cost together.
"""

from __future__ import annotations

from bench.figures import Figures
from bench.pair import pair
from bench.path import bench_folder, files_of_nginx, whole_path, write_file
from bench.report import Report, ratios, spread


async def run(report: Report, *, runs: int, megabytes: int) -> None:
    ours: list[Figures] = []
    raw: list[Figures] = []
    with bench_folder() as folder:
        write_file(folder, "file", megabytes)
        async with (
            files_of_nginx(folder) as upstream,
            whole_path(folder, "p2claw", upstream) as whole,
            pair("aiortc-aiortc") as joined,
        ):
            for number in range(runs):
                report.progress("whole-path", number, runs, "a raw aiortc channel")
                raw.append(await joined.transfer(megabytes))
                report.line(bench="whole-path", side="raw-aiortc", run=number, **raw[-1].facts())
                report.progress("whole-path", number, runs, "the whole path")
                ours.append(await whole.download("/file", megabytes))
                report.line(bench="whole-path", side="p2claw", run=number, **ours[-1].facts())
    report.line(
        summary=True,
        bench="whole-path",
        vs="raw-aiortc",
        runs=runs,
        megabytes=megabytes,
        rate_ratio=ratios([r.mb_per_s for r in ours], [r.mb_per_s for r in raw]),
        mb_per_s=spread([r.mb_per_s for r in ours]),
        raw_mb_per_s=spread([r.mb_per_s for r in raw]),
        sender_cpu_s_per_gb=spread([r.sender_cpu_s_per_gb for r in ours]),
        raw_sender_cpu_s_per_gb=spread([r.sender_cpu_s_per_gb for r in raw]),
    )
