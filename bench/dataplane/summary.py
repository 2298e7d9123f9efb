"""The line that a case ends with for each peer: ratios above 1 emit that p2claw is better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.figures import Figures, Side
from bench.report import Report, ratios, spread


@dataclass(frozen=True, slots=True)
class Compared:
    """What a case compares. compares: in words, for whoever reads the line alone."""

    case: str
    receiver: str
    vs: str
    compares: str

    def summarize(
        self,
        report: Report,
        *,
        runs: int,
        cpu_ratio: Mapping[str, float],
        rate_ratio: Mapping[str, float],
        **more: object,
    ) -> None:
        """cpu_ratio, rate_ratio: spreads over the runs; the summary is of their medians."""
        report.line(
            summary=True,
            bench="dataplane",
            case=self.case,
            sender="p2claw",
            receiver=self.receiver,
            vs=self.vs,
            cpu_ratio=cpu_ratio["median"],
            rate_ratio=rate_ratio["median"],
            runs=runs,
            cpu_ratio_spread=cpu_ratio,
            rate_ratio_spread=rate_ratio,
            **more,
            compares=self.compares,
        )

    def summarize_transfers(
        self, report: Report, ours: Sequence[Figures], theirs: Sequence[Figures], *, cpu_of: Side
    ) -> None:
        """ours, theirs: run by run, those of one run made side by side."""
        our_cpu = [run.cpu_s_per_gb(cpu_of) for run in ours]
        their_cpu = [run.cpu_s_per_gb(cpu_of) for run in theirs]
        our_rate = [run.mb_per_s for run in ours]
        their_rate = [run.mb_per_s for run in theirs]
        self.summarize(
            report,
            runs=len(ours),
            cpu_ratio=ratios(their_cpu, our_cpu),
            rate_ratio=ratios(our_rate, their_rate),
            cpu_of=cpu_of,
            cpu_s_per_gb=spread(our_cpu),
            vs_cpu_s_per_gb=spread(their_cpu),
            mb_per_s=spread(our_rate),
            vs_mb_per_s=spread(their_rate),
        )
