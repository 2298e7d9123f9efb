"""How many cores this process may use."""

from __future__ import annotations

import math
import os
from pathlib import Path

# Of the cgroup that a container sees as its own (cgroups v2, `cpu.max`: "quota period", in µs).
_CPU_MAX = Path("/sys/fs/cgroup/cpu.max")


def usable_cores(cpu_max: Path = _CPU_MAX) -> int:
    """Those that it may run on, and no more than a container's share of CPU time fills."""
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # macOS
        cores = os.cpu_count() or 1
    return max(1, min(cores, math.ceil(_quota(cpu_max))))


def _quota(cpu_max: Path) -> float:
    """Cores' worth of time in each period; as many as anybody has: no bound, or none is known."""
    unbounded = float(os.cpu_count() or 1)
    try:
        quota, period = cpu_max.read_text(encoding="ascii").split()
        return int(quota) / int(period)
    except (OSError, ValueError, ZeroDivisionError):  # "max 100000", or no such file
        return unbounded
