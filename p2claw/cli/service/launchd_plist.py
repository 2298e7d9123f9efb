"""The property list of launchd, for the agent and for the server. Pure."""

from __future__ import annotations

import plistlib
from pathlib import Path
from typing import Any

from p2claw.cli.service.definition import Definition

_OPEN_FILES = 65_536
# As of the unit of systemd.
_STOP_S = 45


def plist_text(definition: Definition, log: Path) -> str:
    """The property list. log: the file that gets what the program writes."""
    document: dict[str, Any] = {
        "Label": label(definition),
        "ProgramArguments": list(definition.command),
        "RunAtLoad": True,
        "KeepAlive": True,
        "ThrottleInterval": 10,
        "ExitTimeOut": _STOP_S,
        "ProcessType": "Background" if definition.of_system else "Adaptive",
        "StandardOutPath": str(log),
        "StandardErrorPath": str(log),
        "SoftResourceLimits": {"NumberOfFiles": _OPEN_FILES},
        "Umask": 0o077,
    }
    if definition.environment:
        document["EnvironmentVariables"] = dict(definition.environment)
    if definition.user:
        document["UserName"] = definition.user
    return plistlib.dumps(document, sort_keys=False).decode()


def label(definition: Definition) -> str:
    """The name by which launchd knows it."""
    further = definition.name.removeprefix("p2claw").removeprefix(f"-{definition.service}")
    return f"org.p2claw.{definition.service}{further.replace('-', '.', 1)}"
