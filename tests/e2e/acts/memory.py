"""How much memory a process holds while something goes on."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

SAMPLE_S = 0.25


@dataclass(slots=True)
class Memory:
    """Resident set sizes of one process, in KiB, in the order they were read."""

    samples: list[int] = field(default_factory=list)

    def growth_mib(self) -> float:
        """From the median of the first quarter to that of the last."""
        quarter = max(1, len(self.samples) // 4)
        first, last = sorted(self.samples[:quarter]), sorted(self.samples[-quarter:])
        return (last[len(last) // 2] - first[len(first) // 2]) / 1024

    def facts(self) -> dict[str, float]:
        """In MiB, rounded."""
        values = {
            "min": min(self.samples) / 1024,
            "max": max(self.samples) / 1024,
            "growth": self.growth_mib(),
        }
        return {f"rss_{name}_mib": round(value, 1) for name, value in values.items()}


@contextlib.asynccontextmanager
async def sampled(pid: int) -> AsyncIterator[Memory]:
    """Read the process's memory four times a second while the block runs."""
    memory = Memory([resident_kib(pid)])

    async def sample() -> None:
        while True:
            await asyncio.sleep(SAMPLE_S)
            memory.samples.append(resident_kib(pid))

    task = asyncio.create_task(sample())
    try:
        yield memory
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def resident_kib(pid: int) -> int:
    """VmRSS of proc(5)."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) if found else 0
