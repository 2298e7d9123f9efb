"""The programs of others that a server is made of: which of them this machine has, and how new."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess

from p2claw.cli.setup.plan import Plan

# The first Caddy that accepts a visitor's address from a proxy before it (the PROXY protocol).
CADDY_BEHIND_PROXY = (2, 7)
_COMMAND_S = 20


def missing_programs(plan: Plan) -> list[str]:
    """The packages whose programs are not here."""
    wanted = [
        ("caddy", "caddy", plan.has_caddy),
        ("haproxy", "haproxy", plan.shares_port),
        ("coturn", "turnserver", bool(plan.turn)),
    ]
    return [package for package, name, needed in wanted if needed and not _where(name)]


def caddy_version() -> tuple[int, int] | None:
    """Major and minor version of the Caddy that is here; None: there is none that reports it."""
    program = _where("caddy")
    if program is None:
        return None
    try:
        done = subprocess.run(
            (program, "version"), capture_output=True, text=True, timeout=_COMMAND_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.match(r"v?(\d+)\.(\d+)", done.stdout)
    return (int(found[1]), int(found[2])) if found else None


def can_share_port() -> bool:
    """Whether HTTPS and the relay can have one port with what is here."""
    version = caddy_version()
    return bool(_where("haproxy")) and version is not None and version >= CADDY_BEHIND_PROXY


def has_ipv6() -> bool:
    """Whether this machine can listen by IPv6."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM):
            return True
    except OSError:
        return False


def _where(name: str) -> str | None:
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/bin", "/usr/sbin", "/usr/local/bin"))
    return shutil.which(name, path=path)
