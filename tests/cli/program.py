"""The `p2claw` program as people and scripts run it: a process, its output, its exit code."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TIMEOUT_S = 60


@dataclass(frozen=True, slots=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, which must be one JSON value."""
        return json.loads(self.out)

    @property
    def error(self) -> dict[str, str]:
        """The last line of standard error, which must be {"error": {…}}."""
        error: dict[str, str] = json.loads(self.err.splitlines()[-1])["error"]
        return error


def argv_of(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "p2claw.cli.main", *arguments]


def env_of(home: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("P2CLAW_")}
    own = {"P2CLAW_HOME": str(home), "XDG_CONFIG_HOME": str(home / "config")}
    return {**kept, **own, "PYTHONUTF8": "1", **more}


def p2claw(home: Path, *arguments: str, stdin: bytes = b"", **more_env: str) -> Ran:
    """Run one command to its end. `home` is its P2CLAW_HOME."""
    done = subprocess.run(
        argv_of(*arguments),
        env=env_of(home, **more_env),
        input=stdin,
        capture_output=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


def on_a_terminal(home: Path, *arguments: str) -> str:
    """What one command shows on a terminal; it must end well."""
    ours, its = os.openpty()
    with subprocess.Popen(argv_of(*arguments), env=env_of(home), stdout=its, stderr=its) as process:
        os.close(its)
        shown = b""
        # The end of a terminal whose last writer is gone is an error on Linux.
        with contextlib.suppress(OSError):
            while piece := os.read(ours, 65_536):
                shown += piece
        assert process.wait(TIMEOUT_S) == 0, shown
    os.close(ours)
    return shown.decode().replace("\r\n", "\n")
