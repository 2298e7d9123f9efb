"""A service manager: what the verbs ask of it, and how it fails."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from p2claw.errors import P2clawError

# Starting an agent needs some seconds, and systemd gives up after 90.
COMMAND_S = 120.0


@dataclass(frozen=True, slots=True)
class State:
    """How a service is. pid: None while it does not run. since_s: since it runs."""

    active: bool
    state: str
    pid: int | None = None
    since_s: float | None = None
    restarts: int | None = None
    starts_at_boot: bool = False


@dataclass(frozen=True, slots=True)
class Installed:
    """What an installation did. steps: for people."""

    steps: tuple[str, ...]
    sandbox: str
    lingers: bool | None = None


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line that the service wrote. time: ISO 8601, "" if the manager does not keep it."""

    time: str
    text: str


class Manager(Protocol):
    """One service, as its manager keeps it. Every method raises P2clawError `service-…`."""

    name: str
    unit: str
    file: Path

    def text(self) -> str:
        """The definition as it would be written."""
        ...

    def check(self) -> None:
        """Returns if this manager runs here, and this user may ask it."""
        ...

    def install(self, *, start: bool) -> Installed:
        """Write the definition, let it start with the machine or the user, start it anew."""
        ...

    def uninstall(self) -> None:
        """Stop it, and remove what `install` wrote."""
        ...

    def restart(self) -> None:
        """Stop it if it runs, then start it; returns when it is ready."""
        ...

    def state(self) -> State:
        """How it is."""
        ...

    def log_lines(self, lines: int, *, follow: bool) -> Iterator[LogLine]:
        """The last lines that it wrote; with follow also those to come, until interrupted."""
        ...


def check_installed(manager: Manager) -> None:
    """Raises P2clawError `service-not-installed`."""
    if not manager.file.exists():
        raise P2clawError(
            f"There is no service {manager.unit} ({manager.file} is not there)",
            code="service-not-installed",
            hint="`p2claw service install` makes that of the agent, "
            "`p2claw service install server` that of a server",
        )


def run(*command: str, environ: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command of the manager to its end. Raises P2clawError `service-manager-missing`."""
    try:
        return subprocess.run(
            command, capture_output=True, text=True, timeout=COMMAND_S, check=False, env=environ
        )
    except FileNotFoundError:
        raise missing(f"there is no {command[0]}") from None
    except subprocess.TimeoutExpired:
        raise P2clawError(
            f"`{' '.join(command)}` did not end within {COMMAND_S:.0f} s", code="service-failed"
        ) from None


def missing(why: str) -> P2clawError:
    """The error where no manager runs, or none that this program knows."""
    return P2clawError(
        f"No service manager can be asked here: {why}",
        code="service-manager-missing",
        hint="Let whatever starts programs here start `p2claw run`, or `p2claw server`; "
        "`p2claw service install --print` shows with which settings",
    )
