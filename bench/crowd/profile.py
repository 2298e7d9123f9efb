"""Where a server's processor time goes, by group: by Linux' `perf`, where it is there.

All of the machine is sampled, because the kernel does a part of a server's work in whatever else
runs: TCP sends when an acknowledgement or its pacing timer comes, which is in the emulator of the
lines or in no process at all, and is charged to no server. That part is counted apart.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

PER_SECOND = 399
END_S = 60.0

# What one sample is about, by the names of functions anywhere in the kernel's part of its stack.
_KERNEL = (
    ("kernel: send", r"sendmm?sg|sendto|sendfile|sock_write_iter|tcp_push|tcp_write_xmit"),
    ("kernel: receive", r"recvmm?sg|recvfrom|sock_read_iter|udp\w*_rcv|tcp_v4_rcv"),
    ("kernel: wakes", r"epoll|timerfd|eventfd|futex|schedule"),
)
# And by file and function, where it was outside of the kernel.
_USER = (
    ("crypto", r"_rust\.|libcrypto|libssl|^crypto/|/crypto/|gcmAes"),
    ("glue", r"^__pyx.*(_engine|_records)|^__Pyx.*(_engine|_records)"),
    ("sctp", r"_engine\.|_records\.|_sctp\.|_stun\."),
    ("framing", r"_fastframe"),
    ("loop", r"uvloop"),
    ("python", r"python|_asyncio"),
    ("libc", r"/libc[.-]|/ld-linux|vdso|libstdc|jemalloc"),
)
# Work of a sending TCP that an acknowledgement or a timer started.
_TCP_SENDER = re.compile(r"tcp_write_xmit|tcp_tsq_handler|tcp_pace_kick|tcp_ack\b")

_KERNEL_PATTERNS = [(name, re.compile(pattern)) for name, pattern in _KERNEL]
_USER_PATTERNS = [(name, re.compile(pattern)) for name, pattern in _USER]


@dataclass(slots=True)
class Profile:
    """groups: samples of the server itself. elsewhere: of its TCP in the emulator or in none."""

    groups: Counter[str] = field(default_factory=Counter)
    elsewhere: int = 0

    def facts(self, got_bytes: int) -> dict[str, object]:
        """Percent by group, and seconds per GB that no process was charged for."""
        total = sum(self.groups.values())
        if not total:
            return {}
        shares = {name: round(100 * n / total, 1) for name, n in self.groups.most_common()}
        elsewhere_s = self.elsewhere / PER_SECOND
        return {
            "profile_percent": shares,
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
    with tempfile.TemporaryDirectory(prefix="p2claw-perf-") as folder:
        data = Path(folder) / "data"
        recording = await asyncio.create_subprocess_exec(
            *(perf, "record", "-q", "-a", "-g", "-e", "cpu-clock", "-F", str(PER_SECOND)),
            *("-o", str(data)),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            yield profile
        finally:
            if recording.returncode is None:
                recording.terminate()
            await asyncio.wait_for(recording.wait(), END_S)
        text = await _script(perf, data, (pid, line_pid, 0))
        for of_pid, frames in samples_of(text):
            if of_pid == pid:
                profile.groups[group_of(frames)] += 1
            elif any(_TCP_SENDER.search(name) for name, _ in frames):
                profile.elsewhere += 1


async def _script(perf: str, data: Path, pids: tuple[int, ...]) -> str:
    process = await asyncio.create_subprocess_exec(
        *(perf, "script", "-i", str(data), "--no-inline", "-F", "pid,ip,sym,dso"),
        *("--pid", ",".join(map(str, pids))),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    out, _ = await process.communicate()
    return out.decode(errors="replace")


def samples_of(text: str) -> Iterator[tuple[int, list[tuple[str, str]]]]:
    """Process and stack, innermost first, each as function and file."""
    for block in text.split("\n\n"):
        lines = block.strip().splitlines()
        if lines and lines[0].strip().isdecimal():
            yield int(lines[0]), [_frame(line) for line in lines[1:]]


def _frame(line: str) -> tuple[str, str]:
    """`ffffffff81000000 udp_sendmsg ([kernel.kallsyms])`"""
    _, _, rest = line.strip().partition(" ")
    name, _, file = rest.rpartition(" (")
    return name, file.removesuffix(")")


def group_of(frames: list[tuple[str, str]]) -> str:
    """What a sample is about. frames: function and file, innermost first."""
    if not frames:
        return "unknown"
    name, file = frames[0]
    if file.startswith("[") and "vdso" not in file:
        kernel = [name for name, file in frames if file.startswith("[")]
        for group, pattern in _KERNEL_PATTERNS:
            if any(pattern.search(one) for one in kernel):
                return group
        return "kernel: other"
    for group, pattern in _USER_PATTERNS:
        if pattern.search(f"{name} {file}") or pattern.search(file):
            return group
    return "own code"
