"""What a process uses of the machine, as Linux reports it."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.processes import cpu_s


@dataclass(frozen=True, slots=True)
class Usage:
    """rss: with what is shared; pss: that divided among those who share; uss: private alone."""

    rss_kb: int
    pss_kb: int
    uss_kb: int
    descriptors: int
    cpu_s: float

    def facts(self) -> dict[str, float]:
        """As a report prints it."""
        return asdict(self)


def machine_cpu_s() -> float:
    """Of all processes on all cores, since boot. Source: proc_stat(5), all but idle and iowait."""
    user, nice, system, _, _, irq, softirq = map(
        int, Path("/proc/stat").read_text().split(maxsplit=8)[1:8]
    )
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def usage(pid: int) -> Usage:
    """Of a process now. Source: proc_pid_smaps(5), smaps_rollup."""
    kilobytes = {"Rss": 0, "Pss": 0, "Private_Clean": 0, "Private_Dirty": 0}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        name, _, value = line.partition(":")
        if name in kilobytes:
            kilobytes[name] = int(value.split()[0])
    return Usage(
        rss_kb=kilobytes["Rss"],
        pss_kb=kilobytes["Pss"],
        uss_kb=kilobytes["Private_Clean"] + kilobytes["Private_Dirty"],
        descriptors=sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir()),
        cpu_s=cpu_s(pid),
    )
