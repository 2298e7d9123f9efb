"""Where a server's processor time goes while a crowd is there, where perf is.

All of the machine is sampled, because the kernel does a part of a server's work in whatever else
runs: TCP sends when an acknowledgement or its pacing timer comes, which is in the emulator of the
lines or in no process at all, and is charged to no server. That part is counted apart.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from bench.profile.parts import Frame, shares
from bench.profile.perf import sampled

PER_S = 399

# Work of a sending TCP that an acknowledgement or a timer started.
_TCP_SENDER = re.compile(r"tcp_write_xmit|tcp_tsq_handler|tcp_pace_kick|tcp_ack\b")


@dataclass(slots=True)
class Profile:
    """stacks: samples of the server itself. elsewhere: of its TCP in the emulator or in none."""

    stacks: list[list[Frame]] = field(default_factory=list)
    elsewhere: int = 0

    def facts(self, got_bytes: int) -> dict[str, object]:
        """Percent by part, and seconds per GB that no process was charged for."""
        if not self.stacks:
            return {}
        elsewhere_s = self.elsewhere / PER_S
        return {
            "percent_by_part": shares(self.stacks),
            "elsewhere_cpu_s_per_gb": round(elsewhere_s / (got_bytes / 1e9), 2),
        }


@contextlib.asynccontextmanager
async def profiled(pid: int, line_pid: int, *, wanted: bool) -> AsyncIterator[Profile]:
    """Sample while the body runs; the profile is filled at its end, and empty without perf."""
    profile = Profile()
    perf = shutil.which("perf") if wanted and os.geteuid() == 0 else None
    if perf is None:
        yield profile
        return
    async with sampled(perf, (pid, line_pid, 0), per_s=PER_S, everywhere=True) as found:
        yield profile
    for of_pid, frames in found:
        if of_pid == pid:
            profile.stacks.append(frames)
        elif any(_TCP_SENDER.search(name) for name, _ in frames):
            profile.elsewhere += 1
