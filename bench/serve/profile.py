"""Where the processor time of a server goes: the share of each part, by perf.

perf looks 1,999 times per second at which function runs, and at those that called it inside the
kernel. Its own work is counted among the kernel's.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import signal
import tempfile
from asyncio.subprocess import DEVNULL, PIPE
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path

from bench.serve.cases import Case
from bench.serve.server import Server
from p2claw.errors import UsageError

PER_S = "1999"
STOP_S = 30.0

Frame = tuple[str, str]  # a function, and the file that it is in

_FRAME = re.compile(r"\s+[0-9a-f]+ (.+?)(?:\+0x[0-9a-f]+)? \((.*)\)$")

# By what the kernel was asked for; the first that is found counts.
_CALLS = (
    ("kernel: send", re.compile(r"sys_(send|write)|vfs_write|do_writev")),
    ("kernel: receive", re.compile(r"sys_(recv|read)|vfs_read|do_readv")),
    ("kernel: wait", re.compile(r"sys_(epoll_p?wait|futex|nanosleep)|do_epoll_p?wait")),
)
# By file, and where one has several parts, by function.
_PARTS = (
    ("crypto", re.compile(r"libcrypto|libssl|_rust\."), re.compile("")),
    ("cython", re.compile(r"_engine\.|_records\.|_fastframe\."), re.compile("^__pyx")),
    ("sctp, udp", re.compile(r"_engine\."), re.compile("")),
    ("cython", re.compile(r"_records\.|_fastframe\."), re.compile("")),
    ("parsers", re.compile(r"_cmsgpack|httptools|parser\.cpython"), re.compile("")),
    ("loop", re.compile(r"uvloop|loop\.cpython|\[vdso\]"), re.compile("")),
    ("python", re.compile(r"python"), re.compile("")),
    ("libc", re.compile(r"libc\b|libc\.so|ld-linux|libpthread"), re.compile("")),
)


async def profiled(server: Server, case: Case) -> dict[str, float]:
    """Percent of the processor time of one more run, the largest part first.

    Raises UsageError `bench-program-missing`, `perf-refused`.
    """
    perf = shutil.which("perf")
    if perf is None:
        raise UsageError(
            "perf is not installed",
            code="bench-program-missing",
            hint="On Debian: apt-get install linux-perf; or leave --profile out",
        )
    with tempfile.TemporaryDirectory(prefix="p2claw-bench-") as folder:
        data = Path(folder) / "perf.data"
        async with _recorded(perf, data, server.pids):
            await server.load(case, case.requests)
        reading = await asyncio.create_subprocess_exec(
            *(perf, "script", "-i", str(data), "-F", "ip,sym,dso"),
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=DEVNULL,
        )
        out, _ = await reading.communicate()
    return shares(samples(out.decode(errors="replace").splitlines()))


def samples(lines: Iterable[str]) -> Iterator[list[Frame]]:
    """Of what `perf script` prints: per sample its functions, the innermost first."""
    frames: list[Frame] = []
    for line in lines:
        match = _FRAME.match(line)
        if match:
            frames.append((match[1], match[2]))
        elif frames:
            yield frames
            frames = []
    if frames:
        yield frames


def part_of(frames: list[Frame]) -> str:
    """The part to which a sample is counted."""
    function, file = frames[0]
    if _is_kernel(file):
        asked = [name for name, where in frames if _is_kernel(where)]
        for part, call in _CALLS:
            if any(map(call.search, asked)):
                return part
        return "kernel: else"
    for part, files, functions in _PARTS:
        if files.search(Path(file).name) and functions.search(function):
            return part
    return "else"


def shares(found: Iterable[list[Frame]]) -> dict[str, float]:
    counts = Counter(map(part_of, found))
    total = counts.total()
    return {part: round(100 * count / total, 1) for part, count in counts.most_common()}


def _is_kernel(file: str) -> bool:
    return file.startswith("[") and file not in ("[vdso]", "[unknown]")


@contextlib.asynccontextmanager
async def _recorded(perf: str, data: Path, pids: Iterable[int]) -> AsyncIterator[None]:
    recording = await asyncio.create_subprocess_exec(
        *(perf, "record", "-q", "-e", "cpu-clock", "-F", PER_S, "-g"),
        *("-o", str(data), "-p", ",".join(map(str, pids))),
        stdin=DEVNULL,
        stdout=DEVNULL,
        stderr=PIPE,
    )
    await asyncio.sleep(0.5)  # until it looks
    if recording.returncode is not None:
        assert recording.stderr is not None
        text = (await recording.stderr.read()).decode()
        raise UsageError(f"perf may not look: {text}", code="perf-refused", hint="Run it as root")
    try:
        yield
    finally:
        recording.send_signal(signal.SIGINT)
        await asyncio.wait_for(recording.wait(), STOP_S)
