"""What is to be run as a service: which program, from where, with which files."""

from __future__ import annotations

import hashlib
import os
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

import p2claw
from p2claw.config import SYSTEM_CONFIG, home_dir
from p2claw.errors import UsageError

AGENT, SERVER = "agent", "server"
SERVICES = (AGENT, SERVER)

STATE = Path("/var/lib/p2claw")
SERVER_USER = "p2claw"

# Folders that the unit of the server cannot see: ProtectHome, PrivateTmp.
_HIDDEN = tuple(map(Path, ("/home", "/root", "/run/user", "/tmp", "/var/tmp")))


@dataclass(frozen=True, slots=True)
class Definition:
    """One service of this machine.

    service: `agent`, of this user, or `server`, of the system. name: of the unit.
    command: what it runs. environment: what that needs. user: who runs it; "": who installs it.
    writable: folders that it writes to.
    """

    service: str
    name: str
    description: str
    command: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    user: str = ""
    writable: tuple[Path, ...] = ()

    @property
    def of_system(self) -> bool:
        """Whether it belongs to the machine and not to a user."""
        return self.service == SERVER


def agent_definition() -> Definition:
    """The agent of this home. A further home is a further box, with a service of its own."""
    home = home_dir()
    usual = Path.home() / ".p2claw"
    name, environment = "p2claw", {}
    if home != usual:
        name = f"p2claw-{re.sub(r'[^a-zA-Z0-9]+', '', home.name)}-{_digest(home)}"
        environment = {"P2CLAW_HOME": str(home)}
    # Where the user keeps options elsewhere than usual, the service looks there too.
    for variable in ("P2CLAW_CONFIG", "XDG_CONFIG_HOME"):
        if os.environ.get(variable):
            environment[variable] = str(Path(os.environ[variable]).expanduser().absolute())
    command = (*program(), "run")
    return Definition(AGENT, name, "p2claw agent", command, environment, writable=(home,))


def server_definition(
    config: Path = SYSTEM_CONFIG, user: str = SERVER_USER, data: Path | None = None
) -> Definition:
    """The server of this machine. data: the folder of its database, None: below STATE."""
    command = (*program(), "server", "--config", str(config))
    writable = () if data is None or data.is_relative_to(STATE) else (data,)
    return Definition(
        SERVER,
        "p2claw-server",
        "p2claw coordinator and edge",
        command,
        {"P2CLAW_HOME": str(STATE)},
        user,
        writable,
    )


def program() -> tuple[str, ...]:
    """How this program is started again, by whole paths."""
    script = Path(sys.executable).with_name("p2claw")
    return (str(script),) if script.exists() else (sys.executable, "-m", "p2claw.cli.main")


def check_program_is_for_all() -> None:
    """Returns if the user of the server can read the program. Raises UsageError `program-private`.

    A virtual environment in somebody's home works for that user alone.
    """
    parts = {Path(sys.prefix), Path(sys.base_prefix), Path(p2claw.__file__).parent}
    for part in sorted(part.resolve() for part in parts):
        if any(part.is_relative_to(hidden) for hidden in _HIDDEN) or not _readable_by_all(part):
            raise UsageError(
                f"The server could not read {part}, which is private",
                code="program-private",
                hint="Install p2claw where all may read it, for example in /opt/p2claw: "
                "python3 -m venv /opt/p2claw && /opt/p2claw/bin/pip install p2claw",
            )


def _readable_by_all(path: Path) -> bool:
    return all(folder.stat().st_mode & 0o001 for folder in (path, *path.parents))


def _digest(home: Path) -> str:
    return hashlib.sha256(os.fsencode(home)).hexdigest()[:6]
