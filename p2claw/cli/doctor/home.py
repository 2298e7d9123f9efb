"""Checks the home of the agent: the folder, the options, the key, the coordinators, the routes."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

from p2claw.agent.home.coordinators import CoordinatorFile
from p2claw.agent.home.identity import load_identity
from p2claw.agent.home.routes import RouteFile
from p2claw.agent.upstream.address import UNIX_PATH_BYTES
from p2claw.cli.config.file import find, problems, read
from p2claw.cli.doctor.finding import Finding, fail, failed, ok, warn
from p2claw.cli.listening import listens
from p2claw.config import AgentConfig
from p2claw.errors import IdentityError, UsageError
from p2claw.system_errors import reason_of
from p2claw.units import MIB

# Less than this, and files of a home may fail to be replaced.
FREE_BYTES = MIB


def check_home(config: AgentConfig) -> Finding:
    """There, ours alone, writable, and with a path short enough for a socket in it."""
    home = config.home
    if len(os.fsencode(config.socket_path)) > UNIX_PATH_BYTES:
        advice = f"Name one of at most {UNIX_PATH_BYTES - len('/agent.sock')} with P2CLAW_HOME"
        return fail("home", f"{home} is too long for the path of a socket", advice)
    try:
        if not home.exists():
            return warn("home", f"{home} is not there yet", "`p2claw run` makes it")
        if not home.is_dir():
            return fail("home", f"{home} is not a folder", "Name another with P2CLAW_HOME")
        return _check_access(home)
    except OSError as error:
        text = f"{home} cannot be looked at: {reason_of(error)}"
        return fail("home", text, "Name your own with P2CLAW_HOME")


def _check_access(home: Path) -> Finding:
    facts = home.stat()
    mode = stat.S_IMODE(facts.st_mode)
    if facts.st_uid != os.geteuid():
        return fail("home", f"{home} belongs to another user", "Name your own with P2CLAW_HOME")
    if not os.access(home, os.W_OK | os.X_OK):
        return fail("home", f"{home} cannot be written to", f"chmod 700 {home}")
    if mode & 0o022:
        return fail("home", f"{home} can be changed by others ({mode:04o})", f"chmod 700 {home}")
    if mode & 0o077:
        return warn("home", f"{home} can be read by others ({mode:04o})", f"chmod 700 {home}")
    if shutil.disk_usage(home).free < FREE_BYTES:
        return fail("home", f"the disk of {home} is full", "Make room: routes are kept there")
    return ok("home", str(home))


def check_key(config: AgentConfig) -> Finding:
    try:
        identity = load_identity(config.identity_path)
    except IdentityError as error:
        if error.code == "identity-missing":
            return warn("key", error.message, error.hint)
        return failed("key", error)
    return ok("key", f"{config.identity_path} of {identity.peer_id}")


def check_config(named: Path | None) -> tuple[Finding | None, str | None]:
    """The file of options, if there is one; also returns the coordinator that it names."""
    try:
        path = find(named)
        if path is None:
            return None, None
        file = read(path)
        found = list(problems(file))
    except UsageError as error:
        return failed("config", error), None
    if found:
        return failed("config", found[0]), None
    return ok("config", str(path)), file.table("agent").get("coordinator")


def check_joined(config: AgentConfig, there: str | None) -> tuple[Finding, str | None]:
    """Which coordinators this box has joined; also returns where `run` registers if none is named.

    there: where the agent registers now; None: none runs.
    """
    try:
        joined = CoordinatorFile(config.coordinators_path).load()
    except UsageError as error:
        return failed("joined", error), None
    if there is not None and there not in joined.urls:
        text = f"the agent is at {there}, and this box has joined {joined}"
        return warn("joined", text, f"To stay there after a restart: p2claw join {there}"), None
    if joined.usual is not None:
        others = [url for url in joined.urls if url != joined.usual]
        more = f", and {', '.join(others)}" if others else ""
        return ok("joined", f"{joined.usual}{more}"), joined.usual
    if not joined.urls:
        return warn("joined", "no coordinator is joined", "p2claw join https://…"), None
    text = f"{joined}, and none of them is the default"
    return warn("joined", text, "p2claw join --default URL"), None


def check_routes(config: AgentConfig) -> list[Finding]:
    """The file, and then each app: whether anything listens behind it."""
    try:
        routes = RouteFile(config.routes_path).load()
    except UsageError as error:
        return [failed("routes", error)]
    if not routes:
        return [warn("routes", "no app is exposed", "`p2claw expose NAME PORT` exposes one")]
    findings = []
    for app, route in sorted(routes.items()):
        where = f"{app} → {route.upstream.text}"
        if listens(route.upstream):
            findings.append(ok("upstream", where))
        else:
            wrong = "is not there" if route.upstream.folder else "nothing listens there"
            findings.append(fail("upstream", f"{where}: {wrong}", "Start the app, or unexpose it"))
    return findings
