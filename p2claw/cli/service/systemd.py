"""A service under systemd: of the system for the server, of this user for the agent."""

from __future__ import annotations

import json
import os
import pwd
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from p2claw.cli.service.definition import STATE, Definition
from p2claw.cli.service.service_manager import Installed, LogLine, State, missing, run
from p2claw.cli.service.systemd_unit import unit_text
from p2claw.config import config_path
from p2claw.errors import P2clawError

_BOOTED = Path("/run/systemd/system")
_SYSTEM_UNITS = Path("/etc/systemd/system")

# systemd.exec(5): what the child of a user's manager could not do because it has no namespaces.
_NO_NAMESPACES = {"217", "218", "226"}
_LAST_LINES = 4
_SHOWN = (
    "ActiveState",
    "SubState",
    "MainPID",
    "NRestarts",
    "ActiveEnterTimestampMonotonic",
    "UnitFileState",
    "ExecMainStatus",
)


class Systemd:
    """One service under systemd. See `Manager`."""

    name = "systemd"

    def __init__(self, definition: Definition) -> None:
        self._definition = definition
        self.unit = f"{definition.name}.service"
        folder = _SYSTEM_UNITS if definition.of_system else _user_units()
        self.file = folder / self.unit

    def text(self) -> str:
        return unit_text(self._definition)

    def check(self) -> None:
        if not _BOOTED.is_dir():
            raise missing("this machine was not started by systemd")
        if self._definition.of_system:
            return
        if not (_runtime_dir() / "systemd" / "private").exists():
            raise P2clawError(
                "The systemd of this user does not run",
                code="service-no-session",
                hint="Log in as this user, by ssh or on a screen, and not by su or sudo; "
                "or `loginctl enable-linger` as root lets it run always",
            )

    def install(self, *, start: bool) -> Installed:
        steps = []
        if self._definition.user and make_user(self._definition.user):
            steps.append(f"made the user {self._definition.user}")
        before = self.file.read_text() if self.file.exists() else None
        sandbox = "full"
        self._write(self.text())
        try:
            if start and not self._start():
                sandbox = "reduced"
                self._write(unit_text(self._definition, namespaces=False))
                self._must("restart", self.unit)
            self._must("enable", self.unit)
        except P2clawError:
            self._undo(before)
            raise
        steps.append(f"wrote {self.file}")
        if start:
            steps.append(f"started {self.unit}")
        if sandbox == "reduced":
            steps.append(
                "left namespaces out of it: users may make none on this machine, "
                "so that the agent sees all files of its user"
            )
        lingers = None
        if not self._definition.of_system:
            lingers = run("loginctl", "enable-linger").returncode == 0
        return Installed(tuple(steps), sandbox, lingers)

    def uninstall(self) -> None:
        self._must("disable", "--now", self.unit)
        self.file.unlink()
        self._must("daemon-reload")
        self._systemctl("reset-failed", self.unit)

    def restart(self) -> None:
        self._systemctl("reset-failed", self.unit)
        self._must("restart", self.unit)

    def state(self) -> State:
        shown = self._show()
        active = shown["ActiveState"] in ("active", "reloading")
        since_s = None
        if active:
            since_us = int(shown["ActiveEnterTimestampMonotonic"])
            since_s = round(time.clock_gettime(time.CLOCK_MONOTONIC) - since_us / 1e6, 1)
        return State(
            active=active,
            state=f"{shown['ActiveState']} ({shown['SubState']})",
            pid=int(shown["MainPID"]) or None,
            since_s=since_s,
            restarts=int(shown["NRestarts"]),
            starts_at_boot=shown["UnitFileState"].startswith("enabled"),
        )

    def log_lines(self, lines: int, *, follow: bool) -> Iterator[LogLine]:
        command = ["journalctl", "--output=json", f"--lines={lines}", "--no-pager", "--quiet"]
        command += ["--follow"] if follow else []
        command += [f"--{'' if self._definition.of_system else 'user-'}unit={self.unit}"]
        try:
            process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=_environ()
            )
        except FileNotFoundError:
            raise missing("there is no journalctl") from None
        with process:
            assert process.stdout is not None and process.stderr is not None
            try:
                for line in process.stdout:
                    yield _log_line(line)
                printed = process.stderr.read().decode(errors="replace").strip()
            finally:
                process.terminate()
        if printed:
            raise P2clawError(
                f"The log cannot be read: {printed}",
                code="service-log-unreadable",
                hint=f"As root: {' '.join(['sudo', command[0], *command[-1:]])}",
            )

    def _start(self) -> bool:
        """Start it; False where it could not because of namespaces. Raises P2clawError."""
        try:
            self._must("restart", self.unit)
        except P2clawError:
            if self._definition.of_system or self._show()["ExecMainStatus"] not in _NO_NAMESPACES:
                raise
            return False
        return True

    def _write(self, text: str) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        part = self.file.with_name(f".{self.file.name}.part")
        part.write_text(text)
        part.chmod(0o644)
        part.replace(self.file)
        self._must("daemon-reload")

    def _undo(self, before: str | None) -> None:
        """As it was: a definition that does not work shall not be tried at every boot."""
        self._systemctl("stop", self.unit)
        if before is None:
            self.file.unlink(missing_ok=True)
            self._systemctl("daemon-reload")
        else:
            self._write(before)
            self._systemctl("start", self.unit)

    def _show(self) -> dict[str, str]:
        shown = self._must("show", self.unit, f"--property={','.join(_SHOWN)}")
        pairs = (line.partition("=") for line in shown.splitlines())
        return {name: value for name, _, value in pairs}

    def _must(self, *command: str) -> str:
        done = self._systemctl(*command)
        if done.returncode == 0:
            return done.stdout
        printed = done.stderr.strip() or done.stdout.strip()
        if command[0] in ("restart", "start"):
            last = self._last_lines()
            printed = "\n       ".join([f"systemd started it {self.unit}, and it ended:", *last])
        raise P2clawError(
            f"`systemctl {command[0]}` failed: {printed}",
            code="service-failed",
            hint=f"`systemctl {'' if self._definition.of_system else '--user '}status {self.unit}` "
            "and `p2claw service logs` show more",
        )

    def _last_lines(self) -> list[str]:
        try:
            return [line.text for line in self.log_lines(_LAST_LINES, follow=False)]
        except P2clawError as error:
            return [error.message]

    def _systemctl(self, *command: str) -> subprocess.CompletedProcess[str]:
        scope = [] if self._definition.of_system else ["--user"]
        return run("systemctl", *scope, "--no-pager", *command, environ=_environ())


def _user_units() -> Path:
    return config_path().parent.parent / "systemd" / "user"


def _runtime_dir() -> Path:
    return Path(os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.geteuid()}")


def _environ() -> dict[str, str]:
    """Of this process, and where the manager of this user listens: cron and some shells lack it."""
    return {**os.environ, "XDG_RUNTIME_DIR": str(_runtime_dir()), "LC_ALL": "C.UTF-8"}


def has_user(name: str) -> bool:
    """Whether this machine knows a user of that name."""
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def make_user(name: str) -> bool:
    """Whether the user had to be made. Raises P2clawError `service-user`."""
    if has_user(name):
        return False
    home = ("--home-dir", str(STATE), "--no-create-home")
    done = run("useradd", "--system", "--user-group", *home, "--shell=/usr/sbin/nologin", name)
    if done.returncode:
        raise P2clawError(
            f"The user {name} cannot be made: {done.stderr.strip()}",
            code="service-user",
            hint="Make it by hand, or name another with --user",
        )
    return True


def _log_line(line: bytes) -> LogLine:
    entry = json.loads(line)
    seconds = int(entry["__REALTIME_TIMESTAMP"]) / 1e6
    written = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    message = entry.get("MESSAGE") or ""
    # The journal writes what is no UTF-8 as a list of octets.
    text = bytes(message).decode(errors="replace") if isinstance(message, list) else str(message)
    return LogLine(written.replace("+00:00", "Z"), text)
