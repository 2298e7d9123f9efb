"""A service under launchd, on macOS: of the system for the server, of this user for the agent."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from p2claw.cli.service.definition import Definition
from p2claw.cli.service.launchd_plist import label, plist_text
from p2claw.cli.service.service_manager import Installed, LogLine, State, run
from p2claw.errors import P2clawError

_PID = re.compile(r"^\tpid = (\d+)$", re.MULTILINE)
_STATE = re.compile(r"^\tstate = (.+)$", re.MULTILINE)
_RUNS = re.compile(r"^\truns = (\d+)$", re.MULTILINE)


class Launchd:
    """One service under launchd. See `Manager`."""

    name = "launchd"

    def __init__(self, definition: Definition) -> None:
        self._definition = definition
        self.unit = label(definition)
        library = Path("/Library") if definition.of_system else Path.home() / "Library"
        kind = "LaunchDaemons" if definition.of_system else "LaunchAgents"
        self.file = library / kind / f"{self.unit}.plist"
        self._log = library / "Logs" / f"{self.unit}.log"
        self._domain = "system" if definition.of_system else f"gui/{os.getuid()}"

    def text(self) -> str:
        return plist_text(self._definition, self._log)

    def check(self) -> None:
        run("launchctl", "version")

    def install(self, *, start: bool) -> Installed:
        for folder in (self.file.parent, self._log.parent):
            folder.mkdir(parents=True, exist_ok=True)
        self._launchctl("bootout", f"{self._domain}/{self.unit}")
        self.file.write_text(self.text())
        self.file.chmod(0o644)
        steps = [f"wrote {self.file}"]
        if start:
            self._must("bootstrap", self._domain, str(self.file))
            steps.append(f"started {self.unit}")
        return Installed(tuple(steps), "none")

    def uninstall(self) -> None:
        self._launchctl("bootout", f"{self._domain}/{self.unit}")
        self.file.unlink()

    def restart(self) -> None:
        self._must("kickstart", "-k", f"{self._domain}/{self.unit}")

    def state(self) -> State:
        done = self._launchctl("print", f"{self._domain}/{self.unit}")
        if done.returncode:
            return State(active=False, state="not loaded")
        pid, state = _PID.search(done.stdout), _STATE.search(done.stdout)
        runs = _RUNS.search(done.stdout)
        return State(
            active=pid is not None,
            state=state[1] if state else "unknown",
            pid=int(pid[1]) if pid else None,
            restarts=max(int(runs[1]) - 1, 0) if runs else None,
            starts_at_boot=True,
        )

    def log_lines(self, lines: int, *, follow: bool) -> Iterator[LogLine]:
        command = ["tail", f"-n{lines}", *(["-F"] if follow else []), str(self._log)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            try:
                for line in process.stdout:
                    yield LogLine("", line.decode(errors="replace").rstrip("\n"))
            finally:
                process.terminate()

    def _must(self, *command: str) -> None:
        done = self._launchctl(*command)
        if done.returncode:
            raise P2clawError(
                f"`launchctl {command[0]}` failed: {done.stderr.strip() or done.returncode}",
                code="service-failed",
                hint=f"See {self._log}",
            )

    def _launchctl(self, *command: str) -> subprocess.CompletedProcess[str]:
        return run("launchctl", *command)
