"""Stacks of running processes, by Linux' perf. Its own work is counted among the kernel's."""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
import tempfile
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Collection, Iterator
from pathlib import Path

from bench.profile.parts import Frame
from p2claw.errors import UsageError

LOOKS_AFTER_S = 0.5
END_S = 60.0

Sample = tuple[int, list[Frame]]  # a process, and its stack, innermost first

_FRAME = re.compile(r"\s+[0-9a-f]+ (.+?)(?:\+0x[0-9a-f]+)? \((.*)\)$")


@contextlib.asynccontextmanager
async def sampled(
    perf: str, pids: Collection[int], *, per_s: int, everywhere: bool = False
) -> AsyncIterator[list[Sample]]:
    """Samples of these processes while the body runs; the list is filled at its end.

    perf: the program. everywhere: sample all of the machine, which sees process 0 too: the kernel
    does a part of a server's work where no process runs. Raises UsageError `perf-refused`.
    """
    found: list[Sample] = []
    names = ",".join(map(str, pids))
    whom = ("-a",) if everywhere else ("-p", names)
    with tempfile.TemporaryDirectory(prefix="p2claw-perf-") as folder:
        data = Path(folder) / "perf.data"
        recording = await asyncio.create_subprocess_exec(
            *(perf, "record", "-q", "-g", "-e", "cpu-clock", "-F", str(per_s), "-o", str(data)),
            *whom,
            stdin=DEVNULL,
            stdout=DEVNULL,
            stderr=PIPE,
            start_new_session=True,
        )
        await asyncio.sleep(LOOKS_AFTER_S)
        if recording.returncode is not None:
            assert recording.stderr is not None
            text = (await recording.stderr.read()).decode()
            raise UsageError(f"perf may not look: {text}", code="perf-refused", hint="Run as root")
        try:
            yield found
        finally:
            if recording.returncode is None:
                recording.send_signal(signal.SIGINT)
            await asyncio.wait_for(recording.wait(), END_S)
        reading = await asyncio.create_subprocess_exec(
            *(perf, "script", "-i", str(data), "--no-inline", "-F", "pid,ip,sym,dso"),
            *("--pid", names),
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=DEVNULL,
        )
        out, _ = await reading.communicate()
        found.extend(samples_of(out.decode(errors="replace")))


def samples_of(text: str) -> Iterator[Sample]:
    """Of what `perf script` prints: a line of the process, its frames, an empty line."""
    for block in text.split("\n\n"):
        head, *lines = block.strip("\n").split("\n")
        if head.strip().isdecimal():
            frames = map(_FRAME.match, lines)
            yield int(head), [(frame[1], frame[2]) for frame in frames if frame]
