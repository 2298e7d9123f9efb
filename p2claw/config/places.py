"""Where the files of a box lie, and where settings are read from, by the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def home_dir(environ: Mapping[str, str] | None = None) -> Path:
    """`$P2CLAW_HOME`, else `~/.p2claw`: where an agent keeps its key, its routes, its socket."""
    named = (os.environ if environ is None else environ).get("P2CLAW_HOME", "")
    return Path(named).expanduser().absolute() if named else Path.home() / ".p2claw"


def config_path(environ: Mapping[str, str] | None = None) -> Path:
    """`$XDG_CONFIG_HOME/p2claw/p2claw.toml`, else below `~/.config`: options, for who wants a file.

    A relative `XDG_CONFIG_HOME` does not count (XDG Base Directory Specification).
    """
    named = Path((os.environ if environ is None else environ).get("XDG_CONFIG_HOME", ""))
    folder = named if named.is_absolute() else Path.home() / ".config"
    return folder / "p2claw" / "p2claw.toml"


SYSTEM_CONFIG = Path("/etc/p2claw/p2claw.toml")
"""The options of a server that is a service of the machine."""
