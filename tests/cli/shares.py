"""A `p2claw share` under test: started as a process, its events read, ended as a person does."""

from __future__ import annotations

import json
import queue
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.cli.program import argv_of, env_of

WAIT_S = 60


@dataclass(slots=True)
class Share:
    """events: those that came. errors: what it wrote to standard error."""

    process: subprocess.Popen[str]
    errors: Path
    events: list[dict[str, Any]] = field(default_factory=list)
    _lines: queue.Queue[str] = field(default_factory=queue.Queue)

    def until(self, kind: str) -> dict[str, Any]:
        """Wait for an event of this kind, and return it."""
        while True:
            line = self._lines.get(timeout=WAIT_S)
            assert line, f"ended before {kind}: {self.events} {self.errors.read_text()}"
            self.events.append(json.loads(line))
            if self.events[-1]["event"] == kind:
                return self.events[-1]

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(WAIT_S)

    def read(self) -> None:
        """Read its lines until it ends; "" is the end."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put("")


@contextmanager
def share(home: Path, *arguments: str, **env: str) -> Iterator[Share]:
    errors = home / "share.stderr"
    with errors.open("w") as log:
        process = subprocess.Popen(
            argv_of("share", "--json", *arguments),
            env=env_of(home, **env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    sharing = Share(process, errors)
    reader = threading.Thread(target=sharing.read)
    reader.start()
    try:
        yield sharing
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(WAIT_S)
        reader.join()
