"""A demo under test: started as a process, and looked at from outside."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cli.program import argv_of, env_of

END_S = 30


@dataclass(frozen=True, slots=True)
class Demo:
    """facts: what it printed when it was ready; {} where it never was."""

    process: subprocess.Popen[str]
    folder: Path
    facts: dict[str, Any]
    log: Path

    @property
    def box_home(self) -> Path:
        return self.folder / "box"

    @property
    def url(self) -> str:
        return str(self.facts["url"])

    @property
    def children(self) -> list[int]:
        return list(self.facts["pids"].values())

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(END_S)

    def output(self) -> str:
        """What it wrote to standard error."""
        return self.log.read_text()


@contextmanager
def demo(folder: Path, *arguments: str, **env: str) -> Iterator[Demo]:
    """Start one that keeps everything in folder; `arguments` are further options."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "demo.stderr"
    with log.open("w") as errors:
        process = subprocess.Popen(
            argv_of("demo", "--json", "--data", str(folder), *arguments),
            env=env_of(folder / "unused-home", **env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        yield Demo(process, folder, json.loads(line) if line else {}, log)
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(END_S)
        if process.stdout is not None:
            process.stdout.close()
